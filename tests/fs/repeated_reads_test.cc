// SPDX-License-Identifier: MIT
#include "fs/repeated_reads.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using TimePoint = RepeatedReads::TimePoint;

constexpr std::uint64_t kPage = 4096;
constexpr ByteRange kWindow{32 * kPage, 32 * kPage};
const Error kLate{ErrorCode::kTimedOut, "late"};
const Error kBroken{ErrorCode::kUnavailable, "broken"};

constexpr ByteRange page(std::uint64_t number) {
  return {number * kPage, kPage};
}
constexpr TimePoint at(milliseconds time) { return TimePoint() + time; }

TEST(RepeatedReads, EachPageOfAFailedReadFailsOnceMoreAtOnce) {
  RepeatedReads reads(false);
  const TimePoint now = at(milliseconds(5000));
  reads.note(kWindow, kBroken, now);
  for (const std::uint64_t number : {32U, 40U, 63U, 41U, 39U}) {
    const auto failed = reads.tried_again(page(number), now);
    ASSERT_TRUE(failed) << number;
    EXPECT_EQ(failed->message, "broken");
    EXPECT_FALSE(reads.tried_again(page(number), now))
        << "a program that reads again is answered by the server";
  }
}

TEST(RepeatedReads, WhatLiesOutsideTheFailedReadIsNoRepetition) {
  RepeatedReads reads(false);
  const TimePoint now = at(milliseconds(5000));
  EXPECT_FALSE(reads.tried_again(page(32), now));
  reads.note(kWindow, kLate, now);
  EXPECT_FALSE(reads.tried_again(page(31), now));
  EXPECT_FALSE(reads.tried_again(page(64), now));
  EXPECT_FALSE(reads.tried_again({63 * kPage, 2 * kPage}, now));
  EXPECT_TRUE(reads.tried_again(kWindow, now));
}

TEST(RepeatedReads, AfterASecondAReadIsOneOfItsOwn) {
  RepeatedReads reads(false);
  reads.note(kWindow, kLate, at(milliseconds(0)));
  EXPECT_TRUE(reads.tried_again(
      page(32), at(RepeatedReads::kSecondTry - milliseconds(1))));
  EXPECT_FALSE(reads.tried_again(page(33), at(RepeatedReads::kSecondTry)));
}

TEST(RepeatedReads, APageOfAMappedFileFailsATimeMoreWhereItIsAskedForAtOnce) {
  const TimePoint second = at(milliseconds(500));
  const TimePoint soon = second + RepeatedReads::kThirdTry - milliseconds(1);
  for (const bool is_mapped : {true, false}) {
    RepeatedReads reads(is_mapped);
    reads.note(kWindow, kBroken, at(milliseconds(0)));
    EXPECT_TRUE(reads.tried_again(page(40), second));
    EXPECT_EQ(reads.tried_again(page(40), soon).has_value(), is_mapped);
    EXPECT_FALSE(reads.tried_again(page(40), soon));
  }
  RepeatedReads reads(true);
  reads.note(kWindow, kLate, at(milliseconds(0)));
  EXPECT_TRUE(reads.tried_again(page(40), second));
  EXPECT_FALSE(reads.tried_again(page(40), second + RepeatedReads::kThirdTry));
}

// Any file may be mapped: its page fault, which is tried three times, is not to
// wait for two deadlines.
TEST(RepeatedReads, APageThatWaitedForItsDeadlineFailsATimeMoreInAnyFile) {
  for (const bool is_mapped : {true, false}) {
    RepeatedReads reads(is_mapped);
    const TimePoint now = at(milliseconds(0));
    reads.note(kWindow, kLate, now);
    EXPECT_TRUE(reads.tried_again(page(40), now));
    EXPECT_TRUE(reads.tried_again(page(40), now));
    EXPECT_FALSE(reads.tried_again(page(40), now));
  }
}

TEST(RepeatedReads, MoreThanItsMostAreForgottenTheOldestFirst) {
  RepeatedReads reads(false);
  const TimePoint now = at(milliseconds(0));
  for (std::uint64_t i = 0; i <= RepeatedReads::kMost; ++i) {
    reads.note(page(2 * i), kLate, now);
  }
  EXPECT_FALSE(reads.tried_again(page(0), now));
  EXPECT_TRUE(reads.tried_again(page(2), now));
  EXPECT_TRUE(reads.tried_again(page(2 * RepeatedReads::kMost), now));
}

}  // namespace
}  // namespace omicsfs
