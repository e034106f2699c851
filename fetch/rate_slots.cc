// SPDX-License-Identifier: MIT
#include "fetch/rate_slots.h"

#include <algorithm>
#include <functional>

namespace omicsfs {
namespace {

RateTime spacing(std::size_t places) {
  return places == 0 ? RateTime{0}
                     : RateTime{std::chrono::seconds{1}} /
                           static_cast<RateTime::rep>(places);
}

RateTime free_after(RateEnd end, RateTime now) {
  switch (end) {
    case RateEnd::kAnswered:
      return now + kRateWindow;
    case RateEnd::kBroken:
      return now + kAfterBreak + kRateWindow;
    case RateEnd::kUnsent:
      break;
  }
  return now;
}

}  // namespace

RateSlots unused_slots(std::size_t places) {
  RateSlots slots;
  slots.free_at.resize(places);
  return slots;
}

RateTime next_try(const RateSlots& slots) {
  const auto first =
      std::min_element(slots.free_at.begin(), slots.free_at.end());
  const RateTime free = first == slots.free_at.end() ? RateTime{0} : *first;
  return std::max(
      {free, slots.next_start, slots.paused_until, slots.pace.next_start});
}

std::optional<RatePlace> take_place(RateSlots& slots, RateTime now) {
  if (next_try(slots) > now) {
    return std::nullopt;
  }
  pass(slots.pace, now);
  const auto place =
      std::min_element(slots.free_at.begin(), slots.free_at.end());
  if (place == slots.free_at.end()) {
    return RatePlace{kNoPlace, RateTime{0}, now};
  }
  *place = now + kLongestTrip + kRateWindow;
  slots.next_start = now + spacing(slots.free_at.size());
  return RatePlace{
      static_cast<std::size_t>(std::distance(slots.free_at.begin(), place)),
      *place, now};
}

void give_back(RateSlots& slots, const RatePlace& place, RateEnd end,
               RateTime now) {
  if (place.index < slots.free_at.size() &&
      slots.free_at[place.index] == place.taken_until) {
    slots.free_at[place.index] =
        std::min(free_after(end, now), place.taken_until);
  }
}

void pause_slots(RateSlots& slots, std::chrono::milliseconds pause,
                 RateTime now) {
  const RateTime until = now + std::min<RateTime>(pause, kLongestPause);
  slots.paused_until = std::max(slots.paused_until, until);
}

RateSlots mended_slots(RateSlots slots, std::size_t places, RateTime now) {
  // Those that are taken the longest are the ones to keep.
  if (slots.free_at.size() > places) {
    std::sort(slots.free_at.begin(), slots.free_at.end(), std::greater<>());
  }
  slots.free_at.resize(places);
  for (RateTime& free : slots.free_at) {
    if (free > now + kLongestTrip + kRateWindow) {
      free = now + kRateWindow;
    }
  }
  slots.next_start = std::min(slots.next_start, now + spacing(places));
  if (slots.paused_until > now + kLongestPause) {
    slots.paused_until = RateTime{0};
  }
  slots.pace = mended_pace(slots.pace, now);
  return slots;
}

bool is_unpaced(const RateSlots& slots, RateTime now) {
  return slots.pace == RatePace{} && slots.paused_until <= now;
}

RateSlots unknown_slots(std::size_t places, RateTime now) {
  RateSlots slots = unused_slots(places);
  std::fill(slots.free_at.begin(), slots.free_at.end(), now + kRateWindow);
  return slots;
}

}  // namespace omicsfs
