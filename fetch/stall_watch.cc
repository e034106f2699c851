// SPDX-License-Identifier: MIT
#include "fetch/stall_watch.h"

#include <fmt/format.h>

namespace omicsfs {

using std::chrono::milliseconds;

std::optional<StallWatch::Silence> StallWatch::look(std::uint64_t bytes,
                                                    Time now) {
  constexpr milliseconds kSample{1'000};
  if (bytes == 0) {
    return now - good_at_ >= limits_.first_byte
               ? std::optional(Silence::kNoFirstByte)
               : std::nullopt;
  }
  const bool begins = sampled_ == 0;
  const auto elapsed =
      std::chrono::duration_cast<milliseconds>(now - sampled_at_);
  if (begins || elapsed >= kSample) {
    const std::uint64_t due =
        kStallBytesPerSecond * static_cast<std::uint64_t>(elapsed.count());
    if (begins || (bytes - sampled_) * 1'000 >= due) {
      good_at_ = now;
    }
    sampled_ = bytes;
    sampled_at_ = now;
  }
  return now - good_at_ >= limits_.stall ? std::optional(Silence::kStalled)
                                         : std::nullopt;
}

std::string silence_text(StallWatch::Silence silence, const StallLimits& set,
                         const StallLimits& used) {
  const auto in_seconds = [](milliseconds time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  if (silence == StallWatch::Silence::kStalled) {
    return fmt::format("less than {} bytes a second for {} s (network.stall_s)",
                       kStallBytesPerSecond, in_seconds(used.stall));
  }
  return fmt::format("no byte of the answer in {} s ({})",
                     in_seconds(used.first_byte),
                     used.first_byte < set.first_byte ? "network.stall_s"
                                                      : "network.first_byte_s");
}

}  // namespace omicsfs
