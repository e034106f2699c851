// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/sources/refine_download.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// Adds a record for each experiment and each sample of `download`, whose
// directory in the tree is `directory`. Fields have refine.bio's names without
// "refinebio_"; a sample also has those of its experiment: technology and
// experiment. Errors: those of ArchiveAccess and TreeBuilder.
Result<void> add_refine_records(TreeBuilder& tree,
                                const RefineDownload& download,
                                const std::string& directory,
                                const ArchiveAccess& archives);

}  // namespace omicsfs
