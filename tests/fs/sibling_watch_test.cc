// SPDX-License-Identifier: MIT
#include "fs/sibling_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace omicsfs {
namespace {

using Ahead = SiblingWatch::Ahead;

TEST(SiblingWatch, AReaderInOrderIsFollowedFromItsThirdFile) {
  SiblingWatch watch;
  EXPECT_EQ(watch.observe(7, 1), (Ahead{0, 0}));
  EXPECT_EQ(watch.observe(7, 2), (Ahead{0, 0}));
  EXPECT_EQ(watch.observe(7, 3), (Ahead{3, 4}));    // 4 ahead
  EXPECT_EQ(watch.observe(7, 4), (Ahead{7, 5}));    // 8 ahead
  EXPECT_EQ(watch.observe(7, 5), (Ahead{12, 9}));   // 16 ahead
  EXPECT_EQ(watch.observe(7, 6), (Ahead{21, 1}));   // and so on
  EXPECT_EQ(watch.observe(7, 10), (Ahead{22, 4}));  // some are left out
}

TEST(SiblingWatch, OpeningOneAgainOrAnEarlierOneChangesNothing) {
  SiblingWatch watch;
  for (const std::uint64_t position : {5U, 5U, 6U, 5U, 6U, 3U}) {
    EXPECT_EQ(watch.observe(7, position).count, 0U);
  }
  EXPECT_EQ(watch.observe(7, 7), (Ahead{7, 4}));
}

TEST(SiblingWatch, AJumpBeginsAnew) {
  for (const std::uint64_t jump : {8U, 100U, 1U}) {
    SiblingWatch watch;
    for (const std::uint64_t position : {20U, 21U}) {
      EXPECT_EQ(watch.observe(7, position).count, 0U);
    }
    const std::uint64_t to = jump == 8 ? 21 + 5 : jump;
    EXPECT_EQ(watch.observe(7, to).count, 0U);
    EXPECT_EQ(watch.observe(7, to + 1).count, 0U);
    EXPECT_EQ(watch.observe(7, to + 2), (Ahead{to + 2, 4}));
  }
}

TEST(SiblingWatch, ReadersOfSeveralDirectoriesAreToldApart) {
  SiblingWatch watch;
  for (std::uint64_t position = 1; position <= 3; ++position) {
    for (Inode directory = 1; directory <= SiblingWatch::kDirectories;
         ++directory) {
      EXPECT_EQ(watch.observe(directory, position).count,
                position == 3 ? 4U : 0U);
    }
  }
}

TEST(SiblingWatch, TheDirectoryUsedLeastRecentlyIsForgotten) {
  SiblingWatch watch;
  for (Inode directory = 1; directory <= SiblingWatch::kDirectories;
       ++directory) {
    watch.observe(directory, 1);
    watch.observe(directory, 2);
  }
  watch.observe(1, 2);    // in use again
  watch.observe(100, 1);  // takes the place of 2
  EXPECT_EQ(watch.observe(1, 3).count, 4U);
  EXPECT_EQ(watch.observe(3, 3).count, 4U);
  EXPECT_EQ(watch.observe(2, 3).count, 0U);
}

// All orders of up to six opens of nine positions: what a run asks for lies
// ahead of the open, is asked once, never more than the most ahead, and never
// before there were three opens in order.
class EveryOrder {
 public:
  void check(std::size_t length) {
    if (length == 0) {
      return;
    }
    for (std::uint64_t position = 1; position <= 9; ++position) {
      opens_.push_back(position);
      replay();
      check(length - 1);
      opens_.pop_back();
    }
  }

 private:
  void replay() const {
    SiblingWatch watch;
    std::set<std::uint64_t> asked;
    for (std::size_t i = 0; i < opens_.size(); ++i) {
      const bool jumped =
          i > 0 && (opens_[i] > highest(i) + SiblingWatch::kMaxStep ||
                    opens_[i] + SiblingWatch::kMaxStep < highest(i));
      if (jumped) {
        return;  // a new run: the shorter orders have it
      }
      const auto ahead = watch.observe(3, opens_[i]);
      if (ahead.count > 0) {
        ASSERT_GE(distinct(i + 1), SiblingWatch::kRunBegins);
        ASSERT_GE(ahead.after, opens_[i]);
        ASSERT_LE(ahead.after + ahead.count,
                  opens_[i] + SiblingWatch::kMostAhead);
      }
      for (std::uint64_t at = 1; at <= ahead.count; ++at) {
        ASSERT_TRUE(asked.insert(ahead.after + at).second);
      }
    }
  }
  [[nodiscard]] std::uint64_t highest(std::size_t count) const {
    return *std::max_element(opens_.begin(),
                             opens_.begin() + static_cast<long>(count));
  }
  [[nodiscard]] std::size_t distinct(std::size_t count) const {
    return std::set<std::uint64_t>(opens_.begin(),
                                   opens_.begin() + static_cast<long>(count))
        .size();
  }

  std::vector<std::uint64_t> opens_;
};

TEST(SiblingWatch, InAnyOrderNothingIsAskedTwiceOrBehind) {
  EveryOrder().check(6);
}

}  // namespace
}  // namespace omicsfs
