// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace omicsfs {

// The slowest answer that is still waited for.
inline constexpr std::uint64_t kStallBytesPerSecond = 1024;

// How long an exchange may be silent.
struct StallLimits {
  // From its start to the first byte of its answer. An archive that fetches
  // the object from cold storage may need long for it.
  std::chrono::milliseconds first_byte{60'000};
  // With less than kStallBytesPerSecond, once the answer has begun.
  std::chrono::milliseconds stall{15'000};
};

// Decides when one exchange has been silent for too long. It has no clock: the
// caller passes the time and all bytes that have come so far, and looks every
// second or more often. Not thread-safe.
class StallWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Silence { kNoFirstByte, kStalled };

  StallWatch(const StallLimits& limits, Time begun)
      : limits_(limits), good_at_(begun), sampled_at_(begun) {}

  [[nodiscard]] const StallLimits& limits() const { return limits_; }
  // Why the exchange should end; empty while it may go on. `bytes` counts the
  // head, too, and never shrinks.
  [[nodiscard]] std::optional<Silence> look(std::uint64_t bytes, Time now);

  // We hold the body back ourselves: the silence until now does not count.
  void excuse(Time now) {
    good_at_ = now;
    sampled_at_ = now;
  }

 private:
  StallLimits limits_;
  Time good_at_;     // the start, or when the answer was last fast enough
  Time sampled_at_;  // when `sampled_` bytes were here
  std::uint64_t sampled_ = 0;
};

// What a user is told of an exchange that was ended: how long was waited, and
// the setting that says so. `set` are the limits of the settings, `used` those
// of the exchange, whose first byte may be due sooner.
[[nodiscard]] std::string silence_text(StallWatch::Silence silence,
                                       const StallLimits& set,
                                       const StallLimits& used);

}  // namespace omicsfs
