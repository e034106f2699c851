// SPDX-License-Identifier: MIT
#include "fetch/latency_quantile.h"

#include <algorithm>
#include <cmath>

namespace omicsfs {
namespace {

constexpr std::uint32_t kLeastKnown = 100;
constexpr std::uint32_t kMostKnown = 1000;

}  // namespace

void LatencyQuantile::note(std::chrono::microseconds taken) {
  const auto us = static_cast<double>(std::max<std::int64_t>(taken.count(), 1));
  const auto which = static_cast<std::size_t>(std::log2(us) * kClassesAnOctave);
  ++counts_[std::min(which, counts_.size() - 1)];
  if (++total_ < kMostKnown) {
    return;
  }
  // What is long past counts half.
  total_ = 0;
  for (std::uint32_t& count : counts_) {
    count /= 2;
    total_ += count;
  }
}

std::optional<std::chrono::microseconds> LatencyQuantile::p99() const {
  if (total_ < kLeastKnown) {
    return std::nullopt;
  }
  const std::uint32_t wanted = total_ - total_ / 100;
  std::uint32_t seen = 0;
  std::size_t which = 0;
  for (; which + 1 < counts_.size(); ++which) {
    seen += counts_[which];
    if (seen >= wanted) {
      break;
    }
  }
  const double edge =
      std::exp2(static_cast<double>(which + 1) / kClassesAnOctave);
  return std::chrono::microseconds(std::llround(std::ceil(edge)));
}

}  // namespace omicsfs
