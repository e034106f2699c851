// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

// Arithmetic on ranges of bytes and of blocks. Pure.

namespace omicsfs {

// Bytes [offset, offset + length) of a file.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  [[nodiscard]] constexpr std::uint64_t end() const { return offset + length; }
  [[nodiscard]] constexpr bool empty() const { return length == 0; }
  bool operator==(const ByteRange&) const = default;
};

// The part of `range` that lies in a file of `size` bytes; no overflow whatever
// the range.
[[nodiscard]] constexpr ByteRange clip(ByteRange range, std::uint64_t size) {
  if (range.offset >= size) {
    return {size, 0};
  }
  return {range.offset, std::min(range.length, size - range.offset)};
}

// The unit of presence in the cache: a 4 KiB read costs one block over the
// network, and the map of a 100 GB file stays below 13 MB.
inline constexpr std::uint64_t kBlockBytes = std::uint64_t{64} * 1024;

using BlockIndex = std::uint64_t;

// Blocks [first, first + count).
struct BlockRun {
  BlockIndex first = 0;
  std::uint64_t count = 0;

  [[nodiscard]] constexpr BlockIndex end() const { return first + count; }
  bool operator==(const BlockRun&) const = default;
};

[[nodiscard]] constexpr std::uint64_t block_count(
    std::uint64_t size, std::uint64_t block_bytes = kBlockBytes) {
  return size / block_bytes + (size % block_bytes != 0 ? 1 : 0);
}

// The blocks that `range` touches. REQUIRES: `range` lies within the file.
[[nodiscard]] constexpr BlockRun blocks_of(
    ByteRange range, std::uint64_t block_bytes = kBlockBytes) {
  const BlockIndex first = range.offset / block_bytes;
  if (range.empty()) {
    return {first, 0};
  }
  return {first, (range.end() - 1) / block_bytes - first + 1};
}

// The bytes of `run` in a file of `size` bytes: the last block may be short.
[[nodiscard]] constexpr ByteRange bytes_of(
    BlockRun run, std::uint64_t size, std::uint64_t block_bytes = kBlockBytes) {
  return clip({run.first * block_bytes, run.count * block_bytes}, size);
}

// Where the bytes of a block are.
enum class BlockState {
  kMissing,    // nowhere yet
  kPresent,    // here; to fetch it again would do no harm
  kElsewhere,  // on its way by another request: must not be asked for
};

struct RunLimits {
  std::uint64_t most = 1;  // blocks in a run
  // Present blocks between missing ones that a run may take in: fetching them
  // again costs less than a further request. A run begins and ends with a
  // missing block.
  std::uint64_t gap = 0;
};

// The fewest runs within `limits` that cover each block of `wanted` for which
// `state_of(block)` is kMissing, and none that is kElsewhere; in order.
template <typename StateOf>
[[nodiscard]] std::vector<BlockRun> missing_runs(BlockRun wanted,
                                                 const RunLimits& limits,
                                                 const StateOf& state_of) {
  std::vector<BlockRun> runs;
  bool open = false;  // may the last run go on?
  for (BlockIndex block = wanted.first; block < wanted.end(); ++block) {
    const BlockState state = state_of(block);
    if (state != BlockState::kMissing) {
      open = open && state == BlockState::kPresent;
      continue;
    }
    const bool joins = open && block - runs.back().end() <= limits.gap &&
                       block - runs.back().first < limits.most;
    if (joins) {
      runs.back().count = block - runs.back().first + 1;
    } else {
      runs.push_back({block, 1});
      open = true;
    }
  }
  return runs;
}

}  // namespace omicsfs
