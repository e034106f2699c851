// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace omicsfs {

// Times of use: microseconds that never run back, near those since the epoch,
// so that uses noted by many processes and sessions stand in one order. A wall
// clock that was set back since the latest use on record does no harm: this one
// then begins right after that. Thread-safe.
class UseClock {
 public:
  // The clock that says how much time goes by.
  using Steady = std::function<std::chrono::steady_clock::time_point()>;

  explicit UseClock(std::uint64_t latest_use,
                    Steady steady = std::chrono::steady_clock::now)
      : steady_(std::move(steady)),
        began_at_(std::max(latest_use + 1, wall_clock())),
        began_(steady_()) {}

  [[nodiscard]] std::uint64_t now() const {
    return began_at_ + in_microseconds(steady_() - began_);
  }

 private:
  template <typename Duration>
  static std::uint64_t in_microseconds(Duration duration) {
    const auto count =
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
  }
  static std::uint64_t wall_clock() {
    return in_microseconds(std::chrono::system_clock::now().time_since_epoch());
  }

  Steady steady_;
  std::uint64_t began_at_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace omicsfs
