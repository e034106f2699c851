// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "fetch/byte_range.h"
#include "fetch/eviction.h"

// How the parts of an open file are used. No I/O and no clock: times are
// microseconds that the caller passes in.

namespace omicsfs {

// The unit in which an open file loses bytes: 1 MiB.
inline constexpr std::uint64_t kExtentBlocks = 16;

// A use so soon after the last, in microseconds, is not worth a write to memory
// that all readers share.
inline constexpr std::uint64_t kSoonAfter = 10'000;

using ExtentIndex = std::uint64_t;

[[nodiscard]] constexpr std::uint64_t extent_count(std::uint64_t blocks) {
  return block_count(blocks, kExtentBlocks);
}
// The blocks of `extent` in a file of `blocks` blocks: the last may be short.
[[nodiscard]] constexpr BlockRun blocks_of_extent(ExtentIndex extent,
                                                  std::uint64_t blocks) {
  const ByteRange run = clip({extent * kExtentBlocks, kExtentBlocks}, blocks);
  return {run.offset, run.length};
}

enum class Touch {
  kHit,      // read; it was on disk
  kFetched,  // read as it came from the network
  kAhead,    // fetched before anybody asked for it
};

struct ExtentState {
  std::uint64_t last_use = 0;
  Heat heat = Heat::kCold;
  bool read = false;  // since it was fetched
};

// For each extent its last use, and whether it was used again later: a block
// read that had been read before, at least `one_use` microseconds after the
// extent's use until then. A pass over an extent is one use however many reads
// it takes. 16 bytes an extent, and none for parts never touched. Thread-safe
// without locks: uses at one moment may be seen as one.
class ExtentUse {
 public:
  ExtentUse(std::uint64_t blocks, std::uint64_t one_use);

  // What is known of the file's use before. Once, before any other call.
  void begin(const FileUse& earlier) { earlier_ = earlier; }
  void touch(BlockRun run, Touch touch, std::uint64_t now);
  // The extent has been punched.
  void forget(ExtentIndex extent);

  [[nodiscard]] ExtentState at(ExtentIndex extent) const;

 private:
  struct Cell {
    std::uint64_t last_use;
    std::uint32_t read_blocks;  // a bit a block
    std::uint32_t hot;
  };
  void touch_extent(ExtentIndex extent, std::uint32_t blocks, Touch touch,
                    std::uint64_t now);

  std::uint64_t extents_;
  std::uint64_t one_use_;
  FileUse earlier_;
  // From calloc, so that cells never touched cost no memory.
  struct Free {
    void operator()(Cell* cells) const;
  };
  std::unique_ptr<Cell[], Free> cells_;
};

}  // namespace omicsfs
