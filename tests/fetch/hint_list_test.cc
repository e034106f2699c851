// SPDX-License-Identifier: MIT
#include "fetch/hint_list.h"

#include <gtest/gtest.h>

#include <set>

namespace omicsfs {
namespace {

using Ranges = std::vector<ByteRange>;

constexpr std::uint64_t kFileBytes = 1000 * kBlockBytes + 5;

TEST(HintList, KeepsTheOrderInWhichRangesWereAdded) {
  HintList hints({0, 1}, kFileBytes);
  hints.add({900 * kBlockBytes, 10});
  hints.add({100 * kBlockBytes + 7, 10});
  EXPECT_EQ(hints.take(),
            (Ranges{{900 * kBlockBytes, 10}, {100 * kBlockBytes + 7, 10}}));
}

TEST(HintList, LeavesOutWhatABlockOfTheReadOrOfTheListHolds) {
  HintList hints({10, kBlockBytes}, kFileBytes);  // touches blocks 0 and 1
  hints.add({500, 10});
  hints.add({kBlockBytes + 500, 10});
  hints.add({2 * kBlockBytes + 500, 10});
  hints.add({2 * kBlockBytes + 700, 10});
  EXPECT_EQ(hints.take(), (Ranges{{2 * kBlockBytes + 500, 10}}));
}

TEST(HintList, CutsARangeAroundWhatIsThere) {
  HintList hints({2 * kBlockBytes, 1}, kFileBytes);
  hints.add({kBlockBytes + 5, 2 * kBlockBytes});
  EXPECT_EQ(hints.take(),
            (Ranges{{kBlockBytes + 5, kBlockBytes - 5}, {3 * kBlockBytes, 5}}));
}

TEST(HintList, StaysWithinTheFile) {
  HintList hints({0, 1}, kFileBytes);
  hints.add({kFileBytes, 10});
  hints.add({kFileBytes - 3, 10});
  hints.add({~std::uint64_t{0}, ~std::uint64_t{0}});
  EXPECT_EQ(hints.take(), (Ranges{{kFileBytes - 3, 3}}));
}

TEST(HintList, AllTogetherTouchAtMostEightMebibytesOfBlocks) {
  HintList hints({0, 1}, kFileBytes);
  hints.add({4 * kBlockBytes - 1, 2});  // two blocks
  hints.add({10 * kBlockBytes, 500 * kBlockBytes});
  hints.add({900 * kBlockBytes, 1});
  EXPECT_EQ(hints.take(), (Ranges{{4 * kBlockBytes - 1, 2},
                                  {10 * kBlockBytes, 126 * kBlockBytes}}));
}

// Every pair of small ranges, against the blocks as sets.
TEST(HintList, BlocksAreTheUnionWithoutThoseSeen) {
  constexpr std::uint64_t kHalf = kBlockBytes / 2;
  const std::uint64_t size = 5 * kHalf;
  const auto blocks = [size](ByteRange range) {
    std::set<BlockIndex> all;
    const BlockRun run = blocks_of(clip(range, size));
    for (BlockIndex block = run.first; block < run.end(); ++block) {
      all.insert(block);
    }
    return all;
  };
  for (std::uint64_t a = 0; a < 49; ++a) {
    for (std::uint64_t b = 0; b < 49; ++b) {
      const ByteRange first{a / 7 * kHalf, a % 7 * kHalf};
      const ByteRange second{b / 7 * kHalf, b % 7 * kHalf};
      HintList hints({kBlockBytes, 1}, size);
      hints.add(first);
      hints.add(second);
      std::multiset<BlockIndex> hinted;
      for (const ByteRange& range : hints.take()) {
        EXPECT_EQ(clip(range, size), range);
        for (const BlockIndex block : blocks(range)) {
          hinted.insert(block);
        }
      }
      std::set<BlockIndex> expected = blocks(first);
      expected.merge(blocks(second));
      expected.erase(1);
      EXPECT_EQ(std::set<BlockIndex>(hinted.begin(), hinted.end()), expected);
      EXPECT_EQ(hinted.size(), expected.size());
    }
  }
}

}  // namespace
}  // namespace omicsfs
