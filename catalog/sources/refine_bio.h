// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// refine.bio: harmonized transcriptomes, as downloads that are one zip each.
//
//   datasets/<id>/…, datasets/<id>.zip      a download, unpacked and as it is
//   experiments/<ACC>/…                     of all datasets by experiment
//   species/<ORG>/…                         of all datasets by species
//   compendia/{normalized,rna-seq}/<ORG>/v<N>/…, v<N>.zip
//
// Files of experiments/ and species/ are those of datasets/ (hard links); where
// two datasets have an experiment, the newer one's stand there. A directory
// whose matrix refine.bio did not make has a MISSING.txt with the reason.
// Which archives, the settings and `omicsfs add` say; an archive that cannot be
// read is passed over with a warning, where others can. Errors: those of the
// archive where it is the only one.
Result<SourceSummary> build_refine_bio(const SourceInput& input,
                                       TreeBuilder& tree);

inline constexpr SourceKind kRefineBio = {
    .name = "refine-bio",
    .title = "refine.bio",
    .default_base_url = "https://api.refine.bio/",
    .build = build_refine_bio,
    .of_archives = true,
};

}  // namespace omicsfs
