// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/json_fields.h"
#include "catalog/result.h"
#include "catalog/sources/manifest_entry.h"

// What a resource of our own format tells of a file's view:
// `fs:archive`, whether and where the members of an archive stand, and
// `fs:columns`, the blocks of columns of its arrays.

namespace omicsfs {

// Takes both from `resource`, where they are there. Errors: kInvalid, naming
// the place. REQUIRES: entry.path is read.
Result<void> read_manifest_view(const JsonValue& resource,
                                ManifestEntry& entry);

// Whether such a file can have such a view. Errors: kInvalid, a path of its
// members that is none, or is the file's own or below that; a view of data, or
// of the members of an array.
Result<void> check_manifest_view(const ManifestEntry& entry);

// The view as members of a resource, each behind ", "; "" of none.
[[nodiscard]] std::string view_text(const ManifestEntry& entry);

}  // namespace omicsfs
