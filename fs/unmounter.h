// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// A process beside this one, started before this one was confined
// (confinement.h), that unmounts for it: a confined process may not. It also
// unmounts what it watches when this process ends without a word, killed or
// crashed, so that no dead mount is left. It has nothing open, and ends with
// this process.
class Unmounter {
 public:
  // REQUIRES: this process has one thread. Errors: kIo.
  static Result<Unmounter> start();
  // Ends the process, which then unmounts nothing any more.
  ~Unmounter();
  Unmounter(Unmounter&& other) noexcept;
  Unmounter& operator=(Unmounter&&) = delete;

  // Unmounts, lazily, the omicsfs mount with this id (mount_table.h). One that
  // is gone already is as good. Errors: those of unmount(); kIo, the process is
  // gone or does not answer.
  Result<void> unmount(int mount_id);
  // From now on, the mount with this id is unmounted, lazily, when this process
  // is gone and has not destroyed this object. Errors: as above; kIo for an
  // unknown id or another file system's mount.
  Result<void> watch(int mount_id);

 private:
  Unmounter(UniqueFd requests, pid_t process);
  Result<void> ask(int what, int mount_id);

  UniqueFd requests_;
  pid_t process_;  // -1: not to be waited for
};

}  // namespace omicsfs
