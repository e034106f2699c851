// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>

namespace omicsfs {

// Of what happens again and again, lets the first through, and then one a
// period. Decides only: the time is given. Thread-safe.
class OncePer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit OncePer(Clock::duration period) : period_(period) {}

  // Whether this one is let through.
  [[nodiscard]] bool due(Clock::time_point now) {
    Clock::time_point next = next_.load(std::memory_order_relaxed);
    return now >= next && next_.compare_exchange_strong(
                              next, now + period_, std::memory_order_relaxed);
  }

 private:
  const Clock::duration period_;
  std::atomic<Clock::time_point> next_{Clock::time_point::min()};
};

}  // namespace omicsfs
