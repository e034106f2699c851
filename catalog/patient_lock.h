// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// How long a lock of another process is waited for.
struct LockWait {
  std::chrono::milliseconds patience{0};  // 0 = it is not waited for
  std::function<void()> on_wait{};        // called once, before the wait
  std::stop_token stop{};
};

struct PatientLock {
  UniqueFd lock;
  bool has_waited = false;
};

// Takes a lock by `try_lock`, whose error is kTimedOut while another process
// holds it. flock(2) has no deadline, so it is tried again and again. Errors:
// those of `try_lock`; kTimedOut, the patience is spent; kInterrupted.
Result<PatientLock> wait_for_lock(
    const std::function<Result<UniqueFd>()>& try_lock, const LockWait& wait);

}  // namespace omicsfs
