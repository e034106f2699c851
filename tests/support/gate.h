// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "catalog/unique_fd.h"
#include "fetch/mutex.h"

namespace omicsfs {

using TimePoint = std::chrono::steady_clock::time_point;
using Deadline = std::optional<TimePoint>;

// Waits until `time`. False when the peer of `socket` hangs up first.
[[nodiscard]] bool wait_until(int socket, TimePoint time);

// Something to wait for that happens once. Thread-safe.
class Gate {
 public:
  Gate();
  void open();
  // Waits until the gate is open, or `deadline` passes, if there is one. False
  // when the peer of `socket` hangs up first.
  [[nodiscard]] bool wait(int socket, Deadline deadline) const;

 private:
  UniqueFd event_;
};

// The gate that pauses beginning now wait for. Thread-safe.
class Pauses {
 public:
  [[nodiscard]] std::shared_ptr<const Gate> gate() const;
  // Ends the pauses that have begun; later ones have a gate of their own.
  void release();

 private:
  mutable Mutex mutex_;
  std::shared_ptr<Gate> gate_ GUARDED_BY(mutex_) = std::make_shared<Gate>();
};

}  // namespace omicsfs
