// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "catalog/result.h"
#include "fs/privileges.h"

// Rights that a process gives up, for good: by Landlock (landlock(7)), seccomp
// and capabilities.

namespace omicsfs {

// The rights to change files that version `abi` of Landlock knows of; what a
// version does not know, it cannot forbid. Pure.
[[nodiscard]] std::uint64_t write_rights(int abi);

// The version that this kernel offers, at least 1. Errors: kIo, it offers none.
Result<int> landlock_abi();

// From now on the calling thread, and every thread and process that it starts,
// may make, write, cut, rename and remove files below `directories` alone. It
// changes no file's mode, owner, times or attributes, mounts and runs nothing,
// and talks to no local service (forbidden_calls.h); of root's privileges it
// keeps those that `needed` names (privileges.h). Reading is as before, and so
// is what is open already. Threads that are there already are not bound. A
// directory that is not there is left out.
// Errors: kIo, with what the kernel does not offer; the rest is forbidden all
// the same.
Result<void> confine_writes(std::span<const std::filesystem::path> directories,
                            const NeededPrivileges& needed = {});

}  // namespace omicsfs
