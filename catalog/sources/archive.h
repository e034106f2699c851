// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// A zip archive by itself, local or remote: its members are the tree. The
// archive's place, a url or an absolute path, is the settings' base_url.
// Errors: those of ArchiveAccess; kInvalid also for a bomb (guard_archive).
Result<SourceSummary> build_archive(const SourceInput& input,
                                    TreeBuilder& tree);

}  // namespace omicsfs
