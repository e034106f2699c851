// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "catalog/result.h"
#include "fetch/mutex.h"

namespace omicsfs {

// What the sinks of collecting_sink.h share. Thread-safe.
class CollectedBytes {
 public:
  // Waits for on_done and returns what it was given.
  Result<void> wait() {
    MutexLock lock(mutex_);
    while (!result_) {
      changed_.wait(lock);
    }
    return *result_;
  }
  // Waits until at least `count` bytes have come.
  void wait_for_bytes(std::size_t count) {
    MutexLock lock(mutex_);
    while (bytes_.size() < count) {
      changed_.wait(lock);
    }
  }
  [[nodiscard]] std::string bytes() const {
    const MutexLock lock(mutex_);
    return bytes_;
  }
  // The kinds of call in order: h, b (one for all of a body) and d.
  [[nodiscard]] std::string calls() const {
    const MutexLock lock(mutex_);
    return calls_;
  }
  void cancel() {
    const MutexLock lock(mutex_);
    wanted_ = false;
  }
  // Refuses the bytes once `count` have come.
  void fail_after(std::size_t count, Error error) {
    const MutexLock lock(mutex_);
    failure_.emplace(count, std::move(error));
  }

 protected:
  void called(char kind) {
    const MutexLock lock(mutex_);
    if (kind != 'b' || !calls_.ends_with('b')) {
      calls_ += kind;
    }
  }
  Result<void> take(std::span<const std::byte> bytes) {
    called('b');
    const MutexLock lock(mutex_);
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    changed_.notify_all();
    if (failure_ && bytes_.size() >= failure_->first) {
      return failure_->second;
    }
    return {};
  }
  void finish(Result<void> result) {
    called('d');
    const MutexLock lock(mutex_);
    result_ = std::move(result);
    changed_.notify_all();
  }
  [[nodiscard]] bool still_wanted() const {
    const MutexLock lock(mutex_);
    return wanted_;
  }

 private:
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::string bytes_ GUARDED_BY(mutex_);
  std::string calls_ GUARDED_BY(mutex_);
  std::optional<Result<void>> result_ GUARDED_BY(mutex_);
  std::optional<std::pair<std::size_t, Error>> failure_ GUARDED_BY(mutex_);
  bool wanted_ GUARDED_BY(mutex_) = true;
};

}  // namespace omicsfs
