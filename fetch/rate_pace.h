// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

// How fast a server may be asked, as its own answers teach. Pure: the time is
// given.

namespace omicsfs {

// A point in time, from the start of the machine.
using RateTime = std::chrono::nanoseconds;

// How a server took a request.
enum class RateReply {
  kServed,
  kTooMany,      // 429, or a 403 that means the same
  kUnavailable,  // 503: too many, or an outage
  kOther,        // teaches nothing
};

// What the head of an answer means for the pace of its server.
struct RateAnswer {
  RateReply reply = RateReply::kOther;
  // How long the server asks to be left alone.
  std::optional<std::chrono::milliseconds> pause{};
};

// The pace that was learned of one server: multiplicative decrease, slow
// increase. All processes share it (RateFile).
struct RatePace {
  RateTime interval{0};  // between two starts; 0: no pace is known
  RateTime next_start{0};
  RateTime slowed_at{0};
  RateTime served_at{0};  // the last right answer since there is a pace

  bool operator==(const RatePace&) const = default;
};

// The pace never falls below this: a read should see its turn come.
inline constexpr RateTime kLongestInterval = std::chrono::seconds{2};
// A pace over 1,000 requests a second is none.
inline constexpr RateTime kLeastInterval = std::chrono::milliseconds{1};
// A server of which nothing was learned for so long may be another by now.
inline constexpr RateTime kPaceLasts = std::chrono::minutes{10};
// Servers count the requests of a second or so: those that they refuse for so
// long after a decrease may still tell of the pace before.
inline constexpr RateTime kSettles = std::chrono::seconds{1};
// The pace after the first refusal, where fewer requests a second were served.
inline constexpr std::uint32_t kFirstPerSecond = 4;

struct PacedReply {
  RateReply reply = RateReply::kOther;
  RateTime sent_at{0};
  // Right answers of the last second, of this process.
  std::uint32_t served_lately = 0;
};

// Learns from one answer that came at `now`.
//   A refusal halves the pace; the first sets it to what was served lately.
// Refusals of requests that were sent before the last decrease, or within
// kSettles after it, change nothing. Neither does a 503 of a server that has
// served nobody since: that is an outage, which CircuitBreaker handles.
//   Right answers make the pace 5 % faster for each second in which it was
// used, until it is over 1,000 a second and forgotten.
void learn(RatePace& pace, const PacedReply& reply, RateTime now);

// A request starts now. REQUIRES: pace.next_start <= now.
void pass(RatePace& pace, RateTime now);

// `pace` without what cannot be (a clock that went back, a damaged file) and
// without what was learned too long ago.
[[nodiscard]] RatePace mended_pace(RatePace pace, RateTime now);

}  // namespace omicsfs
