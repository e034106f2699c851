// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// GenomeKit's data: a flat bucket, which a mount can stand for.
//
//   <name>                        every object, under its own name
//   <number>.hash                 for each assembly, also where the bucket has
//                                 none: its name
//   by-annotation/<annotation>/   links to its files and its assembly's
//   by-assembly/<assembly>/       links to its files; annotations/<annotation>
//                                 to those that its .cfg files name
//
// What there is, the setting `listing` tells, or the bucket (file_listing.h).
// The .cfg files are fetched, and kept in the snapshot. Objects below a "/" and
// those whose names are taken above are left out, with a warning.
// Errors: those of list_files and find_sizes; kUnavailable, a .cfg cannot be
// had; kNotFound, nothing is listed.
Result<SourceSummary> build_genomekit(const SourceInput& input,
                                      TreeBuilder& tree);

inline constexpr SourceKind kGenomekit = {
    .name = "genomekit",
    .title = "GenomeKit",
    .default_base_url = "https://genomekit-data-public.s3.amazonaws.com/",
    .build = build_genomekit,
    .of_listing = true,
    .is_patient = true,
};

}  // namespace omicsfs
