// SPDX-License-Identifier: MIT
#include "fetch/rate_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr RateTime kNow = seconds{1'000};

RatePace pace_of(RateTime interval) {
  RatePace pace;
  learn(pace, {RateReply::kTooMany, kNow, 0}, kNow);
  pace.interval = interval;
  pace.next_start = kNow + interval;
  return pace;
}

TEST(RatePace, TheFirstRefusalSetsThePaceToWhatWasServed) {
  for (const std::uint32_t served : {0U, 3U, 5U, 40U, 5'000U}) {
    RatePace pace;
    learn(pace, {RateReply::kTooMany, kNow, served}, kNow);
    const std::uint32_t per_second =
        std::clamp(served, kFirstPerSecond, 1'000U);
    EXPECT_EQ(pace.interval, RateTime{seconds{1}} / per_second) << served;
    EXPECT_EQ(pace.next_start, kNow + pace.interval);
  }
}

// All that the decrease depends on.
TEST(RatePace, ARefusalOfARequestSentSinceTheLastDecreaseHalvesThePace) {
  for (const RateReply reply : {RateReply::kServed, RateReply::kTooMany,
                                RateReply::kUnavailable, RateReply::kOther}) {
    for (const bool sent_since : {false, true}) {
      for (const bool served_since : {false, true}) {
        for (const std::uint32_t lately : {0U, 1U}) {
          RatePace pace = pace_of(milliseconds{100});
          if (served_since) {
            pace.served_at = pace.slowed_at + RateTime{1};
          }
          const RateTime sent = kNow + kSettles + RateTime{sent_since ? 1 : 0};
          learn(pace, {reply, sent, lately}, kNow + milliseconds{50});
          const bool refuses = reply == RateReply::kTooMany ||
                               (reply == RateReply::kUnavailable &&
                                (served_since || lately > 0));
          const bool halves = refuses && sent_since;
          EXPECT_EQ(pace.interval == milliseconds{200}, halves)
              << static_cast<int>(reply) << sent_since << served_since
              << lately;
          EXPECT_EQ(pace.interval > milliseconds{100}, halves);
        }
      }
    }
  }
}

TEST(RatePace, AnOutageTeachesNoPace) {
  RatePace pace;
  for (int i = 1; i < 100; ++i) {
    learn(pace, {RateReply::kUnavailable, kNow + seconds{2 * i}, 0},
          kNow + seconds{2 * i});
  }
  EXPECT_EQ(pace, RatePace{});
}

TEST(RatePace, ItNeverFallsBelowTheLeast) {
  RatePace pace;
  for (int i = 1; i < 100; ++i) {
    learn(pace, {RateReply::kTooMany, kNow + seconds{2 * i}, 0},
          kNow + seconds{2 * i});
  }
  EXPECT_EQ(pace.interval, kLongestInterval);
}

TEST(RatePace, RightAnswersMakeItFivePercentFasterASecondAndForgetItAtLast) {
  RatePace pace = pace_of(seconds{1});
  RateTime now = kNow;
  std::vector<RateTime> intervals;
  while (pace.interval > RateTime{0} && now < kNow + minutes{10}) {
    now += milliseconds{100};
    intervals.push_back(pace.interval);
    learn(pace, {RateReply::kServed, now, 1}, now);
  }
  EXPECT_EQ(pace, RatePace{});
  // ln 1000 / (0.05 a second) = 138 s.
  EXPECT_NEAR(static_cast<double>(intervals.size()), 1'380.0, 20.0);
  EXPECT_NEAR(static_cast<double>(intervals.at(10).count()), 0.951e9, 0.001e9);
}

TEST(RatePace, ATimeWithoutRequestsDoesNotMakeItFaster) {
  RatePace used = pace_of(milliseconds{500});
  RatePace idle = used;
  learn(used, {RateReply::kServed, kNow, 1}, kNow + milliseconds{1'500});
  learn(idle, {RateReply::kServed, kNow, 1}, kNow + minutes{9});
  EXPECT_EQ(used.interval, idle.interval);
}

TEST(RatePace, WhatCannotBeIsMendedAndWhatIsOldIsForgotten) {
  const RatePace good = pace_of(milliseconds{500});
  EXPECT_EQ(mended_pace(good, kNow), good);
  EXPECT_EQ(mended_pace(good, kNow + kPaceLasts), good);
  EXPECT_EQ(mended_pace(good, kNow + kPaceLasts + RateTime{1}), RatePace{});
  for (const RateTime odd : {RateTime::min(), RateTime{-1}, RateTime{0},
                             kLeastInterval - RateTime{1}}) {
    RatePace pace = good;
    pace.interval = odd;
    EXPECT_EQ(mended_pace(pace, kNow), RatePace{});
  }
  RatePace late = good;
  late.interval = RateTime::max();
  late.next_start = RateTime::max();
  late.slowed_at = RateTime::max();
  late.served_at = RateTime::max();
  const RatePace mended = mended_pace(late, kNow);
  EXPECT_EQ(mended.interval, kLongestInterval);
  EXPECT_EQ(mended.next_start, kNow + kLongestInterval);
  EXPECT_EQ(mended.slowed_at, kNow);
  EXPECT_EQ(mended.served_at, kNow);
}

// A server that serves so many requests a second and refuses the others.
class StrictServer {
 public:
  explicit StrictServer(std::size_t per_second) : per_second_(per_second) {}
  bool serves(RateTime now) {
    while (!served_.empty() && served_.front() <= now - seconds{1}) {
      served_.pop_front();
    }
    if (served_.size() >= per_second_) {
      return false;
    }
    served_.push_back(now);
    return true;
  }
  [[nodiscard]] std::uint32_t lately() const {
    return static_cast<std::uint32_t>(served_.size());
  }

 private:
  std::size_t per_second_;
  std::deque<RateTime> served_;
};

struct Count {
  int served = 0;
  int refused = 0;
};

// Readers that always have a request to send, for two minutes: each answer
// comes 20 ms after its request.
Count served_to(int readers, std::size_t per_second) {
  StrictServer server(per_second);
  RatePace pace;
  Count count;
  std::deque<std::pair<RateTime, bool>> on_their_way;  // sent at, is served
  for (RateTime now = kNow; now < kNow + minutes{2}; now += milliseconds{1}) {
    while (!on_their_way.empty() &&
           on_their_way.front().first + milliseconds{20} <= now) {
      const auto [sent, is_served] = on_their_way.front();
      on_their_way.pop_front();
      learn(pace,
            {is_served ? RateReply::kServed : RateReply::kTooMany, sent,
             server.lately()},
            now);
      ++(is_served ? count.served : count.refused);
    }
    if (static_cast<int>(on_their_way.size()) < readers &&
        pace.next_start <= now) {
      on_their_way.emplace_back(now, server.serves(now));
      pass(pace, now);
    }
  }
  return count;
}

TEST(RatePace, ReadersOfAStrictServerGetMostOfWhatItServesAndFewRefusals) {
  for (const std::size_t per_second : {1U, 2U, 5U, 20U, 100U}) {
    for (const int readers : {1, 8, 24}) {
      const Count count = served_to(readers, per_second);
      const auto most = static_cast<int>(per_second) * 120;
      const int reachable = std::min(most, readers * 50 * 120);
      EXPECT_GE(count.served, reachable * 6 / 10)
          << per_second << " a second, " << readers << " readers";
      EXPECT_LE(count.refused, count.served / 4 + 40)
          << per_second << " a second, " << readers << " readers";
    }
  }
}

}  // namespace
}  // namespace omicsfs
