// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// The embedding atlas of scPRINT-2: cells by row, columns by name.
//
//   step_<S>__predict_part_<P>_<G>_{embs,top3,scores}.npz   as published
//   step_<S>/part_<P>/gpu_<G>/{embs,top3,scores}.npz        the same files
//   …/{embs,top3,scores}.npy                                the array in each
//   …/{embs,top3,scores}/<block>.npy                        columns of it
//   columns.json, README.txt
//
// Files come from a listing, which the settings name, and stand below the
// folder that it has them in; of what it lists, only files of such names are
// taken. A file that holds the array itself, whatever its name says, is read,
// too. One that is no array stays a file alone, with a warning. Errors: those
// of the listing and of the table of columns; those of a read that failed;
// kInvalid, there is no listing, or none of the atlas's files in it;
// kInterrupted.
Result<SourceSummary> build_scprint2(const SourceInput& input,
                                     TreeBuilder& tree);

// Where its files are has not been published: the settings must say.
inline constexpr SourceKind kScprint2 = {
    .name = "scprint2",
    .title = "scPRINT-2 embedding atlas",
    .default_base_url = "",
    .build = build_scprint2,
    .of_listing = true,
    .of_columns = true,
};

}  // namespace omicsfs
