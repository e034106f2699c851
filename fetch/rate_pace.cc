// SPDX-License-Identifier: MIT
#include "fetch/rate_pace.h"

#include <algorithm>

namespace omicsfs {
namespace {

// Within so long the pace grows by its e-th part.
constexpr RateTime kGrowthTime = std::chrono::seconds{20};

bool is_refusal(RateReply reply) {
  return reply == RateReply::kTooMany || reply == RateReply::kUnavailable;
}

void slow_down(RatePace& pace, const PacedReply& reply, RateTime now) {
  const bool serves =
      reply.served_lately > 0 || pace.served_at > pace.slowed_at;
  const bool is_outage = reply.reply == RateReply::kUnavailable && !serves;
  if (is_outage || (pace.interval > RateTime{0} &&
                    reply.sent_at <= pace.slowed_at + kSettles)) {
    return;
  }
  const RateTime first = RateTime{std::chrono::seconds{1}} /
                         std::max(reply.served_lately, kFirstPerSecond);
  pace.interval =
      std::clamp(pace.interval > RateTime{0} ? pace.interval * 2 : first,
                 kLeastInterval, kLongestInterval);
  pace.slowed_at = now;
  pace.next_start = now + pace.interval;
}

void speed_up(RatePace& pace, RateTime now) {
  const RateTime last = std::max(pace.served_at, pace.slowed_at);
  // A time in which nothing was asked shows nothing.
  const RateTime used = std::clamp<RateTime>(
      now - last, RateTime{0}, pace.interval + std::chrono::seconds{1});
  pace.interval -= RateTime{
      static_cast<RateTime::rep>(static_cast<double>(pace.interval.count()) *
                                 static_cast<double>(used.count()) /
                                 static_cast<double>(kGrowthTime.count()))};
  pace.served_at = now;
  if (pace.interval < kLeastInterval) {
    pace = {};
  }
}

}  // namespace

void learn(RatePace& pace, const PacedReply& reply, RateTime now) {
  if (is_refusal(reply.reply)) {
    slow_down(pace, reply, now);
  } else if (reply.reply == RateReply::kServed && pace.interval > RateTime{0}) {
    speed_up(pace, now);
  }
}

void pass(RatePace& pace, RateTime now) {
  if (pace.interval > RateTime{0}) {
    pace.next_start = now + pace.interval;
  }
}

RatePace mended_pace(RatePace pace, RateTime now) {
  pace.slowed_at = std::min(pace.slowed_at, now);
  pace.served_at = std::min(pace.served_at, now);
  const RateTime last = std::max(pace.slowed_at, pace.served_at);
  if (pace.interval < kLeastInterval || last < now - kPaceLasts) {
    return {};
  }
  pace.interval = std::min(pace.interval, kLongestInterval);
  pace.next_start = std::min(pace.next_start, now + pace.interval);
  return pace;
}

}  // namespace omicsfs
