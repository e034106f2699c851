// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "catalog/snapshot.h"

// The knowledge of the current catalog, for a refresh whose server fails
// (rule 2 of refresh_rules.h).

namespace omicsfs {

// Whether `before` has something at `path`; false where it is null.
[[nodiscard]] bool was_known(const Snapshot* before, std::string_view path);

// The published file at `path` of `before`; none where there is none, or
// `before` is null.
[[nodiscard]] std::optional<RemoteFile> last_known_file(const Snapshot* before,
                                                        std::string_view path);

}  // namespace omicsfs
