// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "catalog/unique_fd.h"

namespace omicsfs {

// The server's end of the wait for it: its starter waits until ready().
class Readiness {
 public:
  Readiness() = default;  // nobody waits
  // `null` is what stderr becomes then.
  Readiness(UniqueFd pipe, UniqueFd null)
      : pipe_(std::move(pipe)), null_(std::move(null)) {}
  // Lets the starter go. From any thread, once.
  void ready();

 private:
  UniqueFd pipe_;
  UniqueFd null_;
};

// Runs `serve` in a process of its own, in a session of its own with no
// terminal, and returns once it is ready or has ended: the exit status for
// this process, 0 where it is ready. `serve` returns its exit status; until it
// is ready its stderr is ours. REQUIRES: this process has one thread.
int run_in_background(const std::function<int(Readiness&)>& serve);

// Closes all descriptors but the first three, and `kept`: what the starter's
// starter left open is not a server's. A lock on it would be held, and a socket
// be there to be used, for as long as the mount lives. REQUIRES: nothing of
// ours is open yet.
void close_inherited(int kept = -1);

}  // namespace omicsfs
