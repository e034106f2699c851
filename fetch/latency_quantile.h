// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace omicsfs {

// How long a server's answers take to begin: the time within which 99 of 100
// have. Kept as counts of classes, each a quarter of an octave wide, of the
// last thousand answers or so. Not thread-safe.
class LatencyQuantile {
 public:
  void note(std::chrono::microseconds taken);
  // The upper edge of the class that the quantile falls in; none until a
  // hundred answers are known: fewer say nothing of the hundredth.
  [[nodiscard]] std::optional<std::chrono::microseconds> p99() const;

 private:
  static constexpr int kClassesAnOctave = 4;
  static constexpr int kOctaves = 28;  // 1 us to 4 min

  std::array<std::uint32_t,
             static_cast<std::size_t>(kClassesAnOctave) * kOctaves>
      counts_{};
  std::uint32_t total_ = 0;
};

}  // namespace omicsfs
