// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// A process beside this one, begun before this one was confined
// (confinement.h), that unmounts for it: who is confined may not. It has
// nothing open, does nothing unless asked, and ends with this one. A mount
// whose server was killed stays, dead: a program that uses it must fail and not
// find an empty directory.
class Unmounter {
 public:
  // REQUIRES: this process has one thread. Errors: kIo.
  static Result<Unmounter> start();
  // Ends the process.
  ~Unmounter();
  Unmounter(Unmounter&& other) noexcept;
  Unmounter& operator=(Unmounter&&) = delete;

  // Unmounts, lazily, the omicsfs mount with this id (mount_table.h). One that
  // is gone already is as good. Errors: those of unmount(); kIo, the process is
  // gone or does not answer.
  Result<void> unmount(int mount_id);

 private:
  Unmounter(UniqueFd requests, pid_t process);

  UniqueFd requests_;
  pid_t process_;  // -1: not to be waited for
};

}  // namespace omicsfs
