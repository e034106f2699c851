// SPDX-License-Identifier: MIT
#include "catalog/patient_lock.h"

#include <thread>
#include <utility>

namespace omicsfs {

Result<PatientLock> wait_for_lock(
    const std::function<Result<UniqueFd>()>& try_lock, const LockWait& wait) {
  constexpr std::chrono::milliseconds kTick{50};
  std::chrono::milliseconds waited{0};
  while (true) {
    auto lock = try_lock();
    if (lock) {
      return PatientLock{*std::move(lock), waited.count() > 0};
    }
    const bool busy = lock.error().code == ErrorCode::kTimedOut;
    if (!busy || waited >= wait.patience) {
      return lock.error();
    }
    if (wait.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "the wait was ended"};
    }
    if (waited.count() == 0 && wait.on_wait) {
      wait.on_wait();
    }
    std::this_thread::sleep_for(kTick);
    waited += kTick;
  }
}

}  // namespace omicsfs
