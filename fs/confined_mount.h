// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "catalog/result.h"
#include "catalog/unique_fd.h"
#include "fs/fuse_session.h"
#include "fs/log.h"
#include "fs/unmounter.h"

namespace omicsfs {

// A mount, with what had to be opened before its process was confined.
struct ConfinedMount {
  std::unique_ptr<FuseSession> session;
  Result<UniqueFd> read_ahead;  // of open_read_ahead()
};

// What a mount's process may still do once it is confined.
struct Confines {
  std::vector<std::filesystem::path> writable;
  bool passthrough = false;  // as the settings have it
};

// Mounts, and from then on confines the calling thread, and those that it
// starts (confine_writes), whatever a server or a manifest makes of them. Where
// that cannot be, the log says why and all goes on. `unmounter` must outlive
// the session. Errors: those of FuseSession::mount.
Result<ConfinedMount> mount_confined(const FuseMountOptions& options,
                                     const Confines& confines,
                                     Result<Unmounter>& unmounter,
                                     const Log& log);

}  // namespace omicsfs
