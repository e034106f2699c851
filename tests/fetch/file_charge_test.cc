// SPDX-License-Identifier: MIT
#include "fetch/file_charge.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <vector>

namespace omicsfs {
namespace {

TEST(FileCharge, ARunTakesItsBlocksItsMapPagesAndAPageOfExtents) {
  EXPECT_EQ(bytes_to_store({0, 0}), 0U);
  EXPECT_EQ(bytes_to_store({0, 1}), kBlockBytes + 2 * 4096);
  EXPECT_EQ(bytes_to_store({511, 2}), 2 * kBlockBytes + 3 * 4096);
}

TEST(FileCharge, NobodyTakesMoreThanIsGranted) {
  FileCharge charge;
  EXPECT_FALSE(charge.take(1));
  charge.add(100, 40);
  EXPECT_TRUE(charge.take(60));
  EXPECT_FALSE(charge.take(1));
  charge.landed(40);
  EXPECT_FALSE(charge.take(1)) << "what is written is still of the grant";
  charge.add(30, 10);
  EXPECT_TRUE(charge.take(20));
}

TEST(FileCharge, WhatIsAboutToBeWrittenIsNotGivenUp) {
  FileCharge charge;
  charge.add(100, 40);
  EXPECT_EQ(charge.give_up_written(), 0U);
  charge.landed(30);
  EXPECT_EQ(charge.give_up_written(), 30U);
  EXPECT_EQ(charge.give_up_idle(), 60U);
  EXPECT_EQ(charge.give_up_idle(), 0U);
  charge.landed(10);
  EXPECT_EQ(charge.give_up_idle(), 10U);
}

TEST(FileCharge, ARoomHoldsItsBytesAsLongAsItLives) {
  const auto charge = std::make_shared<FileCharge>();
  charge->add(100, 100);
  {
    ASSERT_TRUE(charge->enter({0, 1}));
    Room room(charge, {0, 1});
    room.hold(100);
    const Room moved(std::move(room));
    EXPECT_EQ(charge->give_up_written(), 0U);
    EXPECT_EQ(charge->entered().size(), 1U);
  }
  EXPECT_EQ(charge->give_up_written(), 100U);
  EXPECT_TRUE(charge->entered().empty());
}

TEST(FileCharge, BlocksAboutToBeStoredAreNotPunchedNorTheReverse) {
  FileCharge charge;
  ASSERT_TRUE(charge.enter({20, 30}));  // extents 1 to 3
  ASSERT_TRUE(charge.enter({47, 1}));
  const std::array<ExtentIndex, 5> all{0, 1, 2, 3, 4};
  const std::vector<ExtentIndex> free{0, 4};
  EXPECT_EQ(charge.begin_punch(all), free);
  EXPECT_TRUE(charge.begin_punch(all).empty()) << "one is under way";
  EXPECT_FALSE(charge.enter({15, 1}));
  EXPECT_FALSE(charge.enter({60, 5}));
  EXPECT_TRUE(charge.enter({16, 1}));
  charge.end_punch();
  EXPECT_TRUE(charge.enter({15, 1}));
  charge.leave({20, 30});
  const std::vector<ExtentIndex> now_free{3, 4};
  EXPECT_EQ(charge.begin_punch(all), now_free);
}

TEST(FileCharge, APunchThatEndsByAnExceptionIsOver) {
  FileCharge charge;
  const std::array<ExtentIndex, 1> extents{1};
  try {
    ASSERT_FALSE(charge.begin_punch(extents).empty());
    const PunchEnd end(charge);
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
    EXPECT_TRUE(charge.enter({16, 1}));
  }
}

TEST(FileCharge, WhatTheIndexDidNotTakeStaysGranted) {
  FileCharge charge;
  charge.add(100, 100);
  charge.landed(60);
  std::uint64_t returned = charge.give_up_written();
  { const GivenUp refused(charge, returned); }
  EXPECT_EQ(charge.give_up_written(), 60U);
  {
    const GivenUp taken(charge, returned);
    returned = 0;
  }
  EXPECT_EQ(charge.give_up_written(), 0U);
}

}  // namespace
}  // namespace omicsfs
