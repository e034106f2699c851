// SPDX-License-Identifier: MIT
#include "fetch/link_speed.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using std::chrono::microseconds;

TEST(LinkSpeed, BytesInARoundTripAreRateTimesTime) {
  EXPECT_EQ((LinkSpeed{microseconds(30'000), 40'000'000}.bytes_in_round_trip()),
            1'200'000U);
  EXPECT_EQ((LinkSpeed{}.bytes_in_round_trip()), 0U);
}

TEST(LinkSpeed, TheRoundTripIsTheLeastOfLateAndGrowsSlowly) {
  LinkSpeeds speeds;
  speeds.note_round_trip("a", microseconds(800));
  EXPECT_EQ(speeds.of("a").round_trip, microseconds(800));
  speeds.note_round_trip("a", microseconds(7200));
  EXPECT_EQ(speeds.of("a").round_trip, microseconds(900));
  speeds.note_round_trip("a", microseconds(500));
  EXPECT_EQ(speeds.of("a").round_trip, microseconds(500));
  for (int i = 0; i < 1000; ++i) {
    speeds.note_round_trip("a", microseconds(30'000));
  }
  EXPECT_GT(speeds.of("a").round_trip, microseconds(29'000));
}

TEST(LinkSpeed, AnAnswerIsLateAfterWhatNinetyNineOfAHundredTakeAndThirtyMs) {
  LinkSpeeds speeds;
  EXPECT_FALSE(speeds.late_after("a"));
  for (int i = 0; i < 100; ++i) {
    speeds.note_first_byte("a", microseconds(1000));
    speeds.note_first_byte("b", microseconds(100'000));
  }
  EXPECT_EQ(speeds.late_after("a"), microseconds(30'000));
  EXPECT_GE(speeds.late_after("b"), microseconds(100'000));
  EXPECT_LE(speeds.late_after("b"), microseconds(120'000));
}

TEST(LinkSpeed, ServersAreToldApart) {
  LinkSpeeds speeds;
  const LinkSpeed unknown = speeds.of("b");
  speeds.note_round_trip("a", microseconds(50'000));
  EXPECT_EQ(speeds.of("b"), unknown);
}

TEST(LinkSpeed, TheRateNearsThatOfTheBodies) {
  LinkSpeeds speeds;
  for (int i = 0; i < 100; ++i) {
    speeds.note_body("a", 4'000'000, microseconds(100'000));
  }
  EXPECT_NEAR(static_cast<double>(speeds.of("a").bytes_per_second), 40e6, 1e5);
}

TEST(LinkSpeed, SmallBodiesAndNoTimeTellNothing) {
  LinkSpeeds speeds;
  const LinkSpeed unknown = speeds.of("a");
  speeds.note_body("a", 4096, microseconds(1));
  speeds.note_body("a", 1 << 20, microseconds(0));
  EXPECT_EQ(speeds.of("a"), unknown);
}

}  // namespace
}  // namespace omicsfs
