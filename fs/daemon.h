// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "catalog/unique_fd.h"

namespace omicsfs {

// The server's end of the wait for it: its starter waits until ready().
class Readiness {
 public:
  Readiness() = default;  // nobody waits
  explicit Readiness(UniqueFd pipe) : pipe_(std::move(pipe)) {}
  // Lets the starter go. From any thread, once.
  void ready();

 private:
  UniqueFd pipe_;
};

// Runs `serve` in a process of its own, in a session of its own with no
// terminal, and returns once it is ready or has ended: the exit status for
// this process, 0 where it is ready. `serve` returns its exit status; until it
// is ready its stderr is ours. REQUIRES: this process has one thread.
int run_in_background(const std::function<int(Readiness&)>& serve);

}  // namespace omicsfs
