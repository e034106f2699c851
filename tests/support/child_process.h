// SPDX-License-Identifier: MIT
// What tests ask of a child process.
#pragma once

#include <sys/wait.h>

namespace omicsfs {

// Whether the child `pid` has ended, which is then still to be waited for.
inline bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

}  // namespace omicsfs
