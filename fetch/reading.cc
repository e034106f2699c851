// SPDX-License-Identifier: MIT
#include "fetch/reading.h"

#include <algorithm>
#include <condition_variable>

#include "fetch/mutex.h"

namespace omicsfs {
namespace {

// A thread that waits until it is woken.
class WaitingThread final : public Waker {
 public:
  void wake() override {
    {
      const MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }

  void wait_until(Reading::TimePoint time, const std::stop_token& stop) {
    MutexLock lock(mutex_);
    changed_.wait_until(lock, stop, time,
                        [this]() REQUIRES_LOCK(mutex_) { return woken_; });
    woken_ = false;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ GUARDED_BY(mutex_) = false;
};

}  // namespace

std::optional<Error> wait_ended(const ReadLimits& limits) {
  if (limits.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the read was interrupted"};
  }
  if (std::chrono::steady_clock::now() >= limits.deadline) {
    return Error{ErrorCode::kTimedOut, "no answer within the read's deadline"};
  }
  return std::nullopt;
}

Result<void> finish(Reading& reading, std::span<std::byte> out,
                    const ReadLimits& limits) {
  const auto thread = std::make_shared<WaitingThread>();
  for (;;) {
    if (auto outcome = reading.poll(out, limits, thread)) {
      return *std::move(outcome);
    }
    if (auto ended = wait_ended(limits)) {
      return *std::move(ended);
    }
    thread->wait_until(std::min(reading.wake_at(), limits.deadline),
                       limits.stop);
  }
}

}  // namespace omicsfs
