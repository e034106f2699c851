// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/snapshot.h"

namespace omicsfs {

// The whole tree below `path` ("" = the root), one line an entry in the order
// of the listings: "<path>/", "<path> <size> bytes, <links> links" or
// "<path> -> <target>". An error of the snapshot is a line "<path>: <error>".
[[nodiscard]] std::string tree_text(const Snapshot& snapshot,
                                    const std::string& path = "");

// The node at `path`. Errors: as Snapshot::lookup.
Result<NodeFacts> node_at(const Snapshot& snapshot, const std::string& path);

}  // namespace omicsfs
