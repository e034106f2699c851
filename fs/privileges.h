// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/result.h"

// Capabilities (capabilities(7)): what root may do beyond other users.

namespace omicsfs {

// The privileges that a mount of root's still needs.
struct NeededPrivileges {
  // Files are passed through: their registration needs CAP_SYS_ADMIN.
  bool passthrough = false;
  // A directory that is written to belongs to somebody else, or is shared:
  // CAP_DAC_OVERRIDE.
  bool foreign_directories = false;
};

// The set of capabilities that `needed` amounts to, bit by number. Reading any
// file (CAP_DAC_READ_SEARCH) is always among them: archives of this machine may
// be anybody's. Pure.
[[nodiscard]] std::uint64_t capabilities_for(const NeededPrivileges& needed);

// Gives up all capabilities of the calling thread, and of the threads that it
// starts, that are not in `kept`; a thread without them gains none.
// Errors: kIo.
Result<void> keep_capabilities(std::uint64_t kept);

}  // namespace omicsfs
