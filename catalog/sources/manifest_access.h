// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/json_fields.h"
#include "catalog/result.h"
#include "catalog/sources/manifest_entry.h"

namespace omicsfs {

// Adds a place of the bytes to `entry`, as an element of "fs:access" tells it:
// a url or path by itself, or an object with such a one as "url". Where that
// has a "token", a "resolve" or a "redirect", its url stands in the place of
// the same url by itself (catalog/marked_url.h). Errors: as add_origin, naming
// the place; kInvalid, of an object that no server can be asked for, or a
// member of another kind.
Result<void> add_access(ManifestEntry& entry, const JsonValue& access,
                        const ManifestBase& base);

}  // namespace omicsfs
