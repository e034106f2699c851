// SPDX-License-Identifier: MIT
#include "fetch/byte_range.h"

#include <gtest/gtest.h>

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

// Every subset of 8 present blocks, every wanted run, every longest run.
TEST(ByteRange, MissingRunsCoverTheMissingBlocksAndNoOthersWithTheFewestRuns) {
  for (unsigned present = 0; present < 256; ++present) {
    const auto have = [&](BlockIndex block) {
      return (present >> block & 1U) != 0;
    };
    for (BlockIndex first = 0; first < 8; ++first) {
      for (std::uint64_t count = 0; first + count <= 8; ++count) {
        for (std::uint64_t longest = 1; longest <= 8; ++longest) {
          const auto runs = missing_runs({first, count}, longest, have);
          unsigned covered = 0;
          for (const BlockRun& run : runs) {
            ASSERT_GE(run.count, 1U);
            ASSERT_LE(run.count, longest);
            for (BlockIndex b = run.first; b < run.end(); ++b) {
              ASSERT_EQ(covered >> b & 1U, 0U);
              covered |= 1U << b;
            }
          }
          unsigned wanted = 0;
          std::size_t fewest = 0;
          std::uint64_t streak = 0;
          for (BlockIndex b = first; b < first + count; ++b) {
            if (have(b)) {
              streak = 0;
              continue;
            }
            wanted |= 1U << b;
            fewest += streak % longest == 0 ? 1 : 0;
            ++streak;
          }
          ASSERT_EQ(covered, wanted);
          ASSERT_EQ(runs.size(), fewest);
        }
      }
    }
  }
}

}  // namespace
}  // namespace omicsfs
