// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/result.h"

// Seccomp (seccomp(2)): system calls that a process gives up, for good.

namespace omicsfs {

// From now on the calling thread, and every thread and process that it starts,
// gets EPERM from the system calls that change what Landlock does not guard:
//
// - the mode, owner, times, flags and extended attributes of any file;
// - mounts, namespaces, the clock, modules, keys, tracing: what a process with
//   CAP_SYS_ADMIN could do to the machine;
// - sockets other than those of IP and netlink: no local service is talked to.
//   Pairs of connected sockets, as libcurl makes them, are allowed. The
//   C library asks nscd and systemd-resolved over such sockets, and asks DNS
//   itself where it cannot;
// - programs, other processes' memory, and io_uring, whose work seccomp would
//   not see.
//
// Opens, reads and writes stay as they are. `guards_cuts` says that Landlock
// guards truncate(2); where it does not, that is forbidden, too. A call by
// another instruction set (32-bit) ends the process. Gains no rights by what it
// executes (no_new_privs). Errors: kIo, the kernel has no seccomp; nothing is
// then forbidden.
Result<void> forbid_calls(bool guards_cuts);

}  // namespace omicsfs
