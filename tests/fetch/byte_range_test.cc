// SPDX-License-Identifier: MIT
#include "fetch/byte_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace omicsfs {
namespace {

TEST(ByteRange, ClipKeepsWhatLiesInTheFile) {
  for (std::uint64_t size = 0; size <= 8; ++size) {
    for (std::uint64_t offset = 0; offset <= 10; ++offset) {
      for (std::uint64_t length = 0; length <= 10; ++length) {
        std::uint64_t inside = 0;
        for (std::uint64_t i = offset; i < offset + length; ++i) {
          inside += i < size ? 1 : 0;
        }
        const ByteRange clipped = clip({offset, length}, size);
        EXPECT_EQ(clipped.length, inside);
        EXPECT_LE(clipped.end(), size);
      }
    }
  }
}

TEST(ByteRange, ClipDoesNotOverflow) {
  EXPECT_EQ(clip({5, UINT64_MAX}, 9), (ByteRange{5, 4}));
  EXPECT_EQ(clip({UINT64_MAX, UINT64_MAX}, 9), (ByteRange{9, 0}));
  EXPECT_EQ(block_count(UINT64_MAX), (UINT64_MAX / kBlockBytes) + 1);
}

// Every file size 0-20, block size 1-5 and range in it.
TEST(ByteRange, BlocksOfARangeAreThoseThatHoldItsBytes) {
  for (std::uint64_t block_bytes = 1; block_bytes <= 5; ++block_bytes) {
    for (std::uint64_t size = 0; size <= 20; ++size) {
      for (std::uint64_t offset = 0; offset <= size; ++offset) {
        for (std::uint64_t length = 1; offset + length <= size; ++length) {
          const BlockRun run = blocks_of({offset, length}, block_bytes);
          EXPECT_EQ(run.first, offset / block_bytes);
          EXPECT_EQ(run.end() - 1, (offset + length - 1) / block_bytes);
          const ByteRange bytes = bytes_of(run, size, block_bytes);
          EXPECT_LE(bytes.offset, offset);
          EXPECT_GE(bytes.end(), offset + length);
          EXPECT_LE(bytes.end(), size);
        }
      }
    }
  }
}

// The fewest runs there can be, by trying every first run.
std::size_t fewest_runs(const std::vector<BlockState>& blocks, std::size_t from,
                        const RunLimits& limits) {
  while (from < blocks.size() && blocks[from] != BlockState::kMissing) {
    ++from;
  }
  if (from == blocks.size()) {
    return 0;
  }
  std::size_t fewest = blocks.size();
  std::uint64_t gap = 0;
  for (std::size_t end = from;
       end < blocks.size() && end - from < limits.most && gap <= limits.gap &&
       blocks[end] != BlockState::kElsewhere;
       ++end) {
    gap = blocks[end] == BlockState::kMissing ? 0 : gap + 1;
    if (gap == 0) {
      fewest = std::min(fewest, 1 + fewest_runs(blocks, end + 1, limits));
    }
  }
  return fewest;
}

void check_runs(const std::vector<BlockState>& blocks,
                const RunLimits& limits) {
  const auto runs = missing_runs({0, blocks.size()}, limits,
                                 [&](BlockIndex b) { return blocks[b]; });
  ASSERT_EQ(runs.size(), fewest_runs(blocks, 0, limits));
  std::vector<bool> covered(blocks.size());
  BlockIndex last_end = 0;
  for (const BlockRun& run : runs) {
    ASSERT_GE(run.first, last_end);
    ASSERT_LE(run.count, limits.most);
    ASSERT_EQ(blocks[run.first], BlockState::kMissing);
    ASSERT_EQ(blocks[run.end() - 1], BlockState::kMissing);
    last_end = run.end();
    std::uint64_t gap = 0;
    for (BlockIndex b = run.first; b < run.end(); ++b) {
      ASSERT_NE(blocks[b], BlockState::kElsewhere);
      gap = blocks[b] == BlockState::kMissing ? 0 : gap + 1;
      ASSERT_LE(gap, limits.gap);
      covered[b] = true;
    }
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    ASSERT_TRUE(blocks[b] != BlockState::kMissing || covered[b]);
  }
}

// Each of 7 blocks in each state, every longest run and every gap.
TEST(ByteRange, MissingRunsCoverTheMissingBlocksWithTheFewestRuns) {
  constexpr unsigned kBlocks = 7;
  for (unsigned world = 0; world < 2187; ++world) {
    std::vector<BlockState> blocks;
    for (unsigned rest = world; blocks.size() < kBlocks; rest /= 3) {
      blocks.push_back(static_cast<BlockState>(rest % 3));
    }
    for (std::uint64_t most = 1; most <= kBlocks; ++most) {
      for (std::uint64_t gap = 0; gap <= 3; ++gap) {
        check_runs(blocks, {most, gap});
      }
    }
  }
}

TEST(ByteRange, MissingRunsOfNothingAreNone) {
  const auto missing = [](BlockIndex) { return BlockState::kMissing; };
  EXPECT_TRUE(missing_runs({5, 0}, {8, 0}, missing).empty());
}

}  // namespace
}  // namespace omicsfs
