// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "catalog/snapshot.h"

namespace omicsfs {

// The node at `path` below the snapshot's root, as the kernel would find it in
// a mount: "" is the root, "." and repeated or final slashes mean nothing, ".."
// goes no higher than the root, and symbolic links are followed, the last name
// included. Errors: kNotFound, also for a path through a file, a link that
// leads out of the tree and too many links; the snapshot's own.
Result<NodeFacts> find_path(const Snapshot& snapshot, std::string_view path);

// The first path of the node `id` below the snapshot's root, "" for the root
// itself. Errors: kCorrupt, its directories do not end at the root; the
// snapshot's own.
Result<std::string> first_path(const Snapshot& snapshot, NodeId id);

// The path of the current snapshot of `source`, for a command that needs no
// mount. Errors: as current_snapshot; kNotFound says to refresh first.
Result<std::filesystem::path> refreshed_snapshot(
    const std::filesystem::path& state_dir, const std::string& source);

}  // namespace omicsfs
