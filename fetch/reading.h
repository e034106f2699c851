// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "catalog/result.h"

// Reads that hold no thread while they wait.

namespace omicsfs {

// How long a reader is ready to wait, and how it is told to stop.
struct ReadLimits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;
};

// Gets a reading that waits to go on. Thread-safe.
class Waker {
 public:
  virtual ~Waker() = default;
  // Neither blocks nor throws. May come at any time, also when nobody waits any
  // more.
  virtual void wake() = 0;
};

// One read under way; its end gives the read up. One thread uses it at a time.
// It must not outlive what it reads from.
class Reading {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using WakerPointer = std::shared_ptr<Waker>;

  Reading() = default;
  virtual ~Reading() = default;
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // Goes as far as it can go without waiting. Returns how the read ended, and
  // has then filled `out`. Else it must be polled again: when `waker` is woken,
  // and at wake_at() and `limits.deadline` in any case. `out` has the length of
  // the read; what a poll before the last puts there need not be kept.
  virtual std::optional<Result<void>> poll(std::span<std::byte> out,
                                           const ReadLimits& limits,
                                           const WakerPointer& waker) = 0;
  [[nodiscard]] virtual TimePoint wake_at() const { return TimePoint::max(); }
};

// How a read ends that may wait no longer; none while it may.
[[nodiscard]] std::optional<Error> wait_ended(const ReadLimits& limits);

// Polls `reading` to its end on this thread, which waits.
Result<void> finish(Reading& reading, std::span<std::byte> out,
                    const ReadLimits& limits);

}  // namespace omicsfs
