// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "catalog/result.h"
#include "catalog/snapshot_writer.h"
#include "catalog/unique_fd.h"

// What must hold before a file is read as a snapshot.

namespace omicsfs {

// kCorrupt: "damaged snapshot: <what>".
[[nodiscard]] Error damaged_snapshot(const std::string& what);

// kInvalid: a snapshot of a schema version that this program cannot read.
[[nodiscard]] Error other_schema(int version);

// The file at `path`, with a shared flock. Errors: kNotFound, it is not there,
// is still being written, or was just removed; kIo.
Result<UniqueFd> open_snapshot_file(const std::filesystem::path& path);

// Checks that the file at `path`, open as `fd`, is a whole snapshot of this
// schema version or an older one, and reads its header. Errors: kCorrupt;
// kInvalid, a newer schema version; kIo.
Result<SnapshotHeader> examine_snapshot(const std::filesystem::path& path,
                                        int fd);

}  // namespace omicsfs
