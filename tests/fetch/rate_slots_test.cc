// SPDX-License-Identifier: MIT
#include "fetch/rate_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A request as its server may see it: at any time from its start to its end.
struct Trip {
  RateTime start;
  RateTime end;
};

// Whether `count` + 1 of the trips may arrive within less than a second: those
// that begin last of them, and those that end first.
bool may_crowd(std::vector<Trip> trips, std::size_t count) {
  std::sort(trips.begin(), trips.end(), [](const Trip& one, const Trip& other) {
    return one.start < other.start;
  });
  for (const Trip& last : trips) {
    const auto close =
        std::count_if(trips.begin(), trips.end(), [&](const Trip& other) {
          return other.start <= last.start &&
                 last.start - other.end < seconds{1};
        });
    if (static_cast<std::size_t>(close) > count) {
      return true;
    }
  }
  return false;
}

// What becomes of one request.
struct Fate {
  RateTime trip;
  std::optional<RateEnd> end;  // none: its process is killed on the way
};

const std::vector<Fate> kFates = {
    {milliseconds{0}, RateEnd::kAnswered},
    {milliseconds{700}, RateEnd::kAnswered},
    {seconds{20}, RateEnd::kAnswered},  // arrived within kLongestTrip
    {milliseconds{300}, RateEnd::kBroken},
    {milliseconds{300}, std::nullopt},
};

// One way in which requests follow each other: each is sent as soon as it may
// be, and all that ended before have been given back.
class Walk {
 public:
  explicit Walk(std::size_t places) : slots_(unused_slots(places)) {}

  void send(const Fate& fate) {
    settle();
    auto place = take_place(slots_, now_);
    while (!place) {
      advance();
      place = take_place(slots_, now_);
    }
    const RateTime end = now_ + fate.trip;
    trips_.push_back({now_, arrived_by(fate, end)});
    open_.push_back({*place, end, fate.end});
  }
  [[nodiscard]] const std::vector<Trip>& trips() const { return trips_; }

 private:
  struct Open {
    RatePlace place;
    RateTime ends;
    std::optional<RateEnd> end;
  };

  [[nodiscard]] RateTime arrived_by(const Fate& fate, RateTime end) const {
    if (!fate.end) {
      return now_ + kLongestTrip;
    }
    return fate.end == RateEnd::kBroken ? end + kAfterBreak
                                        : std::min(end, now_ + kLongestTrip);
  }

  // To the next time at which something changes.
  void advance() {
    RateTime next = next_try(slots_);
    for (const Open& one : open_) {
      if (one.end && one.ends > now_) {
        next = std::min(next, one.ends);
      }
    }
    now_ = next;
    settle();
  }

  // Gives back the places of those that have ended.
  void settle() {
    for (const Open& one : open_) {
      if (one.end && one.ends <= now_) {
        give_back(slots_, one.place, *one.end, now_);
      }
    }
    std::erase_if(open_, [this](const Open& one) { return one.ends <= now_; });
  }

  RateSlots slots_;
  RateTime now_{seconds{1'000}};
  std::vector<Trip> trips_;
  std::vector<Open> open_;
};

// All ways in which `left` more requests may end.
void for_each_walk(const Walk& walk, int left,
                   const std::function<void(const Walk&)>& look) {
  look(walk);
  if (left == 0) {
    return;
  }
  for (const Fate& fate : kFates) {
    Walk further = walk;
    further.send(fate);
    for_each_walk(further, left - 1, look);
  }
}

TEST(RateSlots, HoweverRequestsEndNoMoreThanAllowedArriveWithinASecond) {
  for (const std::size_t places : {1, 2, 3}) {
    std::size_t walks = 0;
    for_each_walk(Walk(places), 6, [&](const Walk& walk) {
      ASSERT_FALSE(may_crowd(walk.trips(), places)) << places;
      ++walks;
    });
    EXPECT_EQ(walks, 19'531U);  // the sum of 5^0 … 5^6
  }
}

TEST(RateSlots, TheCheckOfTheTestAboveFindsOneTooMany) {
  const std::vector<Trip> even = {{seconds{0}, seconds{0}},
                                  {seconds{1}, seconds{1}},
                                  {seconds{2}, seconds{2}}};
  EXPECT_FALSE(may_crowd(even, 1));
  const std::vector<Trip> late = {{seconds{0}, milliseconds{1}},
                                  {seconds{1}, seconds{1}}};
  EXPECT_TRUE(may_crowd(late, 1));
}

TEST(RateSlots, ManyThatAreAnsweredAtOnceGoAtAnEvenRate) {
  constexpr std::size_t kSlots = 10;
  Walk walk(kSlots);
  for (int i = 0; i < 100; ++i) {
    walk.send({milliseconds{20}, RateEnd::kAnswered});
  }
  const auto& trips = walk.trips();
  EXPECT_FALSE(may_crowd(trips, kSlots));
  for (std::size_t i = 1; i < trips.size(); ++i) {
    EXPECT_GE(trips[i].start - trips[i - 1].start, milliseconds{100}) << i;
  }
  // 9.7 a second: no place is left unused for long.
  EXPECT_LE(trips.back().start - trips.front().start, milliseconds{10'300});
}

TEST(RateSlots, APlaceOfOneThatWasNotSentIsFreeAtOnce) {
  RateSlots slots = unused_slots(1);
  RateTime now = seconds{5};
  const auto place = take_place(slots, now);
  ASSERT_TRUE(place);
  give_back(slots, *place, RateEnd::kUnsent, now);
  now += seconds{1};
  EXPECT_TRUE(take_place(slots, now));
}

TEST(RateSlots, AnEndThatComesTooLateTakesNobodysPlace) {
  RateSlots slots = unused_slots(1);
  const auto first = take_place(slots, seconds{5});
  const RateTime later = seconds{5} + kLongestTrip + kRateWindow;
  const auto second = take_place(slots, later);
  ASSERT_TRUE(first && second);
  const RateSlots before = slots;
  give_back(slots, *first, RateEnd::kAnswered, later);
  EXPECT_EQ(slots, before);
  give_back(slots, {7, second->taken_until, later}, RateEnd::kAnswered, later);
  EXPECT_EQ(slots, before) << "a place that there is not";
}

TEST(RateSlots, APauseHoldsForAllUntilTheLatestThatWasTold) {
  RateSlots slots = unused_slots(3);
  pause_slots(slots, milliseconds{5'000}, seconds{10});
  pause_slots(slots, milliseconds{1'000}, seconds{11});
  EXPECT_EQ(next_try(slots), seconds{15});
  EXPECT_FALSE(take_place(slots, seconds{15} - RateTime{1}));
  EXPECT_TRUE(take_place(slots, seconds{15}));
  pause_slots(slots, std::chrono::hours{24}, seconds{20});
  EXPECT_EQ(slots.paused_until, seconds{20} + kLongestPause);
}

// A clock that went forward frees all at most once; one that went back, and any
// damage, never stops requests for longer than what may be meant.
TEST(RateSlots, WhatCannotBeIsMendedAndWhatCanBeIsKept) {
  const RateTime now = seconds{1'000};
  const RateTime lease = kLongestTrip + kRateWindow;
  const std::vector<RateTime> times = {RateTime::min(),
                                       seconds{-1},
                                       seconds{0},
                                       now - lease,
                                       now,
                                       now + milliseconds{50},
                                       now + lease,
                                       now + lease * 2,
                                       now + kLongestPause,
                                       RateTime::max()};
  for (const RateTime free : times) {
    for (const RateTime start : times) {
      for (const RateTime pause : times) {
        const RateSlots odd{{free, free}, start, pause, {}};
        const RateSlots mended = mended_slots(odd, 2, now);
        EXPECT_LE(mended.free_at[0], now + lease);
        EXPECT_LE(mended.next_start, now + milliseconds{500});
        EXPECT_LE(mended.paused_until, now + kLongestPause);
        const bool possible = free <= now + lease &&
                              start <= now + milliseconds{500} &&
                              pause <= now + kLongestPause;
        EXPECT_TRUE(!possible || mended == odd);
        EXPECT_EQ(mended_slots(mended, 2, now), mended);
      }
    }
  }
}

TEST(RateSlots, AnotherNumberOfPlacesKeepsThoseThatAreTakenTheLongest) {
  const RateTime now = seconds{1'000};
  const RateSlots slots{
      {now, now + seconds{2}, now + seconds{1}}, now, now, {}};
  EXPECT_EQ(mended_slots(slots, 2, now).free_at,
            (std::vector<RateTime>{now + seconds{2}, now + seconds{1}}));
  EXPECT_EQ(mended_slots(slots, 4, now).free_at,
            (std::vector<RateTime>{now, now + seconds{2}, now + seconds{1},
                                   RateTime{0}}));
}

TEST(RateSlots, WhereNothingIsKnownAllMayHaveBeenUsedJustNow) {
  RateSlots slots = unknown_slots(3, seconds{10});
  EXPECT_EQ(next_try(slots), seconds{10} + kRateWindow);
}

}  // namespace
}  // namespace omicsfs
