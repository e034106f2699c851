// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <span>

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

// The process by which a confined one unmounts. Errors: kIo, where this one
// will not be confined: the kernel offers no Landlock.
// REQUIRES: this process has one thread.
Result<Unmounter> begin_unmounter();

// Mounts, and from then on keeps the calling thread, and those that it starts,
// from changing files anywhere but below `writable`, for whatever a server or a
// manifest makes of them. Where that cannot be, the log says why and all goes
// on. `unmounter` must outlive the session. Errors: those of
// FuseSession::mount.
Result<ConfinedMount> mount_confined(
    const FuseMountOptions& options,
    std::span<const std::filesystem::path> writable,
    Result<Unmounter>& unmounter, const Log& log);

}  // namespace omicsfs
