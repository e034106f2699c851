// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// The Allen Brain Cell Atlas: one manifest a release, found by listing
// `releases/` in the bucket or named by the settings.
//
//   releases/<v>/manifest.json            as published, byte for byte
//   releases/<v>/<directory>/<kind>/…     what the release is made of
//   <kind>/<directory>/<version>/…        the bucket's layout; the same nodes
//   latest -> releases/<newest>
//   _downloaded_data.json                 "[]": lets the provider's own client
//                                         take the tree as its cache
//
// A file's xattr omicsfs.release names the releases it is in, oldest first.
// Where releases state different facts for one path, the bucket's layout has
// the newest's file; an older one stands in its release view only.
// A release whose manifest is not there or breaks its format is left out with a
// warning, as is a bad file of one, with its place in the manifest.
// Errors: those of the download; kInvalid, no release is a good one; kNotFound,
// there is no release.
Result<SourceSummary> build_abc_atlas(const SourceInput& input,
                                      TreeBuilder& tree);

inline constexpr SourceKind kAbcAtlas = {
    .name = "abc-atlas",
    .title = "Allen Brain Cell Atlas",
    .default_base_url =
        "https://allen-brain-cell-atlas.s3.us-west-2.amazonaws.com/",
    .build = build_abc_atlas,
};

}  // namespace omicsfs
