// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fetch/rate_pace.h"

// How often one server is asked. Pure: the time is given.

namespace omicsfs {

// A second, and a little for a server whose clock runs otherwise than ours.
inline constexpr RateTime kRateWindow = std::chrono::milliseconds{1'010};
// A request that has no answer so long after its start arrived long ago, or
// never will: longer than a connection may take to be made.
inline constexpr RateTime kLongestTrip = std::chrono::seconds{15};
// One that was broken off may still arrive so long after.
inline constexpr RateTime kAfterBreak = std::chrono::seconds{2};
// Nobody is left alone for longer, whatever a server or a damaged file says.
inline constexpr RateTime kLongestPause = std::chrono::hours{1};

// The most requests a second that a server may be limited to.
inline constexpr std::size_t kMostPlaces = 1'000;

// As many places as the server may be asked in a second; a request starts where
// one is free, and frees it a second after its answer has begun. It arrived
// some time before that: so, however long requests are on their way, of any
// that arrive within one second each has a place of its own. Starts are as far
// apart as they would be at an even rate, that no burst comes.
//
// A server that no rule limits has no places: it is asked as often as one
// likes, but for the pace that it teaches and the pauses that it asks for.
struct RateSlots {
  std::vector<RateTime> free_at;  // of each place
  RateTime next_start{0};
  RateTime paused_until{0};
  RatePace pace{};

  bool operator==(const RateSlots&) const = default;
};

// A place that was taken. No other taking of it has that end.
struct RatePlace {
  std::size_t index = 0;  // kNoPlace where the server has none
  RateTime taken_until{0};
  RateTime taken_at{0};
};
inline constexpr std::size_t kNoPlace = SIZE_MAX;

// How the request ended that had a place.
enum class RateEnd {
  kAnswered,  // its answer has begun
  kBroken,    // it has none; it may have arrived, or arrive yet
  kUnsent,    // it never left
};

// Slots that nobody has taken.
[[nodiscard]] RateSlots unused_slots(std::size_t places);

// A place from `now` on, or none: then nothing may start before next_try().
[[nodiscard]] std::optional<RatePlace> take_place(RateSlots& slots,
                                                  RateTime now);
[[nodiscard]] RateTime next_try(const RateSlots& slots);

// A place whose time has passed, and which another took, is left to that one.
void give_back(RateSlots& slots, const RatePlace& place, RateEnd end,
               RateTime now);

// Nothing starts before `now` + `pause`, or what was said before, whichever is
// later; at most kLongestPause from now.
void pause_slots(RateSlots& slots, std::chrono::milliseconds pause,
                 RateTime now);

// `slots` with that many places and without what cannot be: times further in
// the future than any that these functions set, where a clock went back, or
// the file was damaged that they were kept in. Each such place counts as used
// just now.
[[nodiscard]] RateSlots mended_slots(RateSlots slots, std::size_t places,
                                     RateTime now);
// Whether they hold nothing that a server has taught or asked for.
[[nodiscard]] bool is_unpaced(const RateSlots& slots, RateTime now);
// Slots of which nothing is known, but that others may have used just now.
[[nodiscard]] RateSlots unknown_slots(std::size_t places, RateTime now);

}  // namespace omicsfs
