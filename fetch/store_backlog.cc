// SPDX-License-Identifier: MIT
#include "fetch/store_backlog.h"

#include <algorithm>
#include <chrono>

namespace omicsfs {

void StoreBacklog::add(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  waiting_ += bytes;
}

void StoreBacklog::drop(std::uint64_t bytes) {
  {
    const MutexLock lock(mutex_);
    waiting_ -= bytes;
    ++drops_;
    stuck_ = false;
  }
  dropped_.notify_all();
}

bool StoreBacklog::is_full() const {
  const MutexLock lock(mutex_);
  return waiting_ > limit_;
}

bool StoreBacklog::is_given_up() const {
  const MutexLock lock(mutex_);
  return waiting_ > limit_ && stuck_;
}

void StoreBacklog::wait(const ReadLimits& limits) {
  MutexLock lock(mutex_);
  while (waiting_ > limit_ && !stuck_ && !limits.stop.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= limits.deadline) {
      return;
    }
    const std::uint64_t before = drops_;
    const auto until = std::min(limits.deadline, now + kPatience);
    const bool moved = dropped_.wait_until(
        lock, limits.stop, until,
        [&]() REQUIRES_LOCK(mutex_) { return drops_ != before; });
    if (!moved && until < limits.deadline && !limits.stop.stop_requested()) {
      stuck_ = true;
    }
  }
}

}  // namespace omicsfs
