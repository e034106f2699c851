// SPDX-License-Identifier: MIT
#include "fetch/extent_use.h"

#include <gtest/gtest.h>

#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kBlocks = 5 * kExtentBlocks + 3;
constexpr std::uint64_t kOneUse = 2'000'000;
constexpr std::uint64_t kStart = 1'000'000'000;

BlockRun extent(ExtentIndex index) { return blocks_of_extent(index, kBlocks); }

TEST(ExtentUse, ExtentsCoverTheFileAndTheLastIsShort) {
  EXPECT_EQ(extent_count(0), 0U);
  EXPECT_EQ(extent_count(1), 1U);
  EXPECT_EQ(extent_count(16), 1U);
  EXPECT_EQ(extent_count(17), 2U);
  EXPECT_EQ(extent(4), (BlockRun{64, 16}));
  EXPECT_EQ(extent(5), (BlockRun{80, 3}));
}

TEST(ExtentUse, APassThroughAnExtentIsOneUseHoweverManyReadsItTakes) {
  ExtentUse use(kBlocks, kOneUse);
  std::uint64_t now = kStart;
  for (BlockIndex block = 0; block < kBlocks; ++block) {
    use.touch({block, 1}, Touch::kFetched, ++now);
    for (int page = 0; page < 16; ++page) {
      use.touch({block, 1}, Touch::kHit, ++now);
    }
  }
  for (ExtentIndex index = 0; index < 6; ++index) {
    EXPECT_EQ(use.at(index).heat, Heat::kCold);
    EXPECT_TRUE(use.at(index).read);
  }
}

TEST(ExtentUse, ASlowPassIsOneUseToo) {
  ExtentUse use(kBlocks, kOneUse);
  for (BlockIndex block = 0; block < 16; ++block) {
    use.touch({block, 1}, Touch::kAhead, kStart);
  }
  for (BlockIndex block = 0; block < 16; ++block) {
    use.touch({block, 1}, Touch::kHit, kStart + (block + 1) * 10 * kOneUse);
  }
  EXPECT_EQ(use.at(0).heat, Heat::kCold);
}

TEST(ExtentUse, ABlockReadAgainLaterMakesItsExtentHot) {
  for (const std::uint64_t after : {kOneUse - 1, kOneUse}) {
    ExtentUse use(kBlocks, kOneUse);
    use.touch(extent(0), Touch::kFetched, kStart);
    use.touch(extent(1), Touch::kFetched, kStart);
    use.touch({3, 1}, Touch::kHit, kStart + after);
    EXPECT_EQ(use.at(0).heat, after == kOneUse ? Heat::kHot : Heat::kCold);
    EXPECT_EQ(use.at(0).last_use, kStart + after);
    EXPECT_EQ(use.at(1).heat, Heat::kCold);
    EXPECT_EQ(use.at(1).last_use, kStart);
  }
}

TEST(ExtentUse, WhatIsFetchedAheadIsUnreadUntilItIsRead) {
  ExtentUse use(kBlocks, kOneUse);
  use.touch(extent(2), Touch::kAhead, kStart);
  EXPECT_FALSE(use.at(2).read);
  use.touch({32, 1}, Touch::kHit, kStart + 100 * kOneUse);
  EXPECT_TRUE(use.at(2).read);
  EXPECT_EQ(use.at(2).heat, Heat::kCold);
}

TEST(ExtentUse, BlocksFetchedAgainAreNotHot) {
  ExtentUse use(kBlocks, kOneUse);
  use.touch(extent(2), Touch::kFetched, kStart);
  use.touch(extent(2), Touch::kFetched, kStart + kOneUse);
  EXPECT_EQ(use.at(2).heat, Heat::kCold);
}

TEST(ExtentUse, AnExtentOfAnEarlierSessionIsAsOldAsThatAndHotOnceReadAgain) {
  ExtentUse use(kBlocks, kOneUse);
  use.begin({kStart, false});
  EXPECT_EQ(use.at(0).last_use, kStart);
  EXPECT_EQ(use.at(0).heat, Heat::kCold);
  EXPECT_TRUE(use.at(0).read);
  use.touch({0, 1}, Touch::kHit, kStart + kOneUse);
  EXPECT_EQ(use.at(0).heat, Heat::kHot);
  use.touch(extent(1), Touch::kFetched, kStart + kOneUse);  // was not there
  EXPECT_EQ(use.at(1).heat, Heat::kCold);
}

TEST(ExtentUse, AFileThatWasHotStaysSo) {
  ExtentUse use(kBlocks, kOneUse);
  use.begin({kStart, true});
  EXPECT_EQ(use.at(0).heat, Heat::kHot);
  use.touch({0, 1}, Touch::kHit, kStart + 1);
  EXPECT_EQ(use.at(0).heat, Heat::kHot);
}

TEST(ExtentUse, WhatWasPunchedBeginsAnew) {
  ExtentUse use(kBlocks, kOneUse);
  use.begin({kStart, true});
  use.touch(extent(1), Touch::kHit, kStart + kOneUse);
  for (const ExtentIndex index : {0, 1}) {
    use.forget(index);
    use.touch(extent(index), Touch::kFetched, kStart + 9 * kOneUse);
    EXPECT_EQ(use.at(index).heat, Heat::kCold);
    EXPECT_EQ(use.at(index).last_use, kStart + 9 * kOneUse);
  }
}

TEST(ExtentUse, AClockThatRunsBackDoesNoHarm) {
  ExtentUse use(kBlocks, kOneUse);
  use.touch(extent(0), Touch::kFetched, kStart);
  use.touch(extent(0), Touch::kHit, kStart - kOneUse);
  EXPECT_EQ(use.at(0).last_use, kStart);
  EXPECT_EQ(use.at(0).heat, Heat::kCold);
}

// Every run touches exactly the extents that it overlaps.
TEST(ExtentUse, EveryRunTouchesItsExtentsAndNoOthers) {
  for (BlockIndex first = 0; first < kBlocks; ++first) {
    for (std::uint64_t count = 1; first + count <= kBlocks; ++count) {
      ExtentUse use(kBlocks, kOneUse);
      use.touch({first, count}, Touch::kFetched, kStart);
      for (ExtentIndex index = 0; index < 6; ++index) {
        const BlockRun blocks = extent(index);
        const bool overlaps =
            blocks.first < first + count && first < blocks.end();
        ASSERT_EQ(use.at(index).last_use, overlaps ? kStart : 0);
      }
    }
  }
}

}  // namespace
}  // namespace omicsfs
