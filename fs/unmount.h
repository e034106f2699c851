// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/result.h"
#include "fs/mount_table.h"

namespace omicsfs {

enum class UnmountKind {
  kWhole,  // refused while anything in the mount is in use
  kLazy,   // detached now, gone when the last use ends
};

// The omicsfs mount at `path`; a mount whose server died counts, though a
// lookup of its root fails. Errors: kNotFound where nothing is mounted there;
// kInvalid where the mount on top is another file system's; kIo.
Result<MountEntry> find_omicsfs_mount(const std::string& path);

// Unmounts and waits until the mount has left the table: as root by umount2(2),
// else through fusermount3. A mount that is gone already is no error. Errors:
// kInvalid where it is in use, with what to do; kTimedOut; kIo; kNotFound, no
// fusermount3.
Result<void> unmount(const MountEntry& mount, UnmountKind kind);

}  // namespace omicsfs
