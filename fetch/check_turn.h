// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace omicsfs {

// How far the check of a file's digest is.
enum class CheckState { kNone, kQueued, kRunning, kPassed, kFailed };

// The turn to check a file, from the time it is queued. One that ends without a
// verdict, by an exception or as a task that is dropped, leaves the file to the
// next check. Used by one thread at a time; the state is shared by all.
class CheckTurn {
 public:
  // `state` must outlive it.
  explicit CheckTurn(std::atomic<CheckState>& state) : state_(state) {}
  ~CheckTurn() {
    if (!is_held_) {
      return;
    }
    for (CheckState now : {CheckState::kQueued, CheckState::kRunning}) {
      state_.compare_exchange_strong(now, CheckState::kNone);
    }
  }
  CheckTurn(const CheckTurn&) = delete;
  CheckTurn& operator=(const CheckTurn&) = delete;

  // False where another check is due, or there is a verdict.
  bool queue() {
    CheckState none = CheckState::kNone;
    is_held_ = state_.compare_exchange_strong(none, CheckState::kQueued);
    return is_held_;
  }
  // The state is what the check has made it.
  void end() { is_held_ = false; }

 private:
  std::atomic<CheckState>& state_;
  bool is_held_ = false;
};

}  // namespace omicsfs
