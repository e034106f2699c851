// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/source.h"

namespace omicsfs {

// ENCODE: every released file of its experiments, by what it is.
//
//   experiments/<ENCSR…>/<name>     a file under the name of its href
//   experiments/<ENCSR…>/{metadata.tsv,files.txt,experiment.json}
//   files/<3 after ENCFF>/<name>    the same files; files/external/ those
//                                   without an accession of ENCODE's
//   by-assay/<assay>/<target>/<biosample>/<ENCSR…>      links
//   by-biosample/<biosample>/<assay>/<ENCSR…>
//   by-target/<target>/<assay>/<ENCSR…>
//   by-format/<format>/<assembly>/<output type>/<name>
//   files.tsv, unavailable.tsv
//
// Other datasets that the settings ask for stand beside experiments/, under the
// kind of their path. What the first of the documents that the settings name
// lacks of a file, the next ones add. Where the settings name none, the first
// is the list in the project's bucket, which tells of the bytes, and the second
// a search of the portal, which tells the assay, biosample and target; where
// the portal fails, the list is shown alone, with a warning. Rows that are none
// are counted, and up to one in a hundred passed over. Errors: those of the
// documents; kInvalid, a document that is no catalogue or has too many such
// rows.
Result<SourceSummary> build_encode(const SourceInput& input, TreeBuilder& tree);

// The list of all public files that the project keeps in its bucket.
inline constexpr std::string_view kEncodeCatalogue =
    "s3://encode-public/encode_file_manifest.tsv";

inline constexpr SourceKind kEncode = {
    .name = "encode",
    .title = "ENCODE",
    .default_base_url = "https://www.encodeproject.org/",
    .build = build_encode,
    .default_catalogue = kEncodeCatalogue,
};

}  // namespace omicsfs
