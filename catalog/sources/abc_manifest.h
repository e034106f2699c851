// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/digest.h"
#include "catalog/result.h"

// The manifest of one release of the Allen Brain Cell Atlas
// (releases/<version>/manifest.json in its bucket).

namespace omicsfs {

// A FILE object of `file_listing`.
struct AbcFile {
  std::string where;      // its place, a JSON Pointer
  std::string directory;  // the dataset, "WMB-10Xv2"
  std::string kind;       // "metadata", "expression_matrices", …
  std::string version;    // of the dataset, YYYYMMDD; "" where not stated
  std::string path;       // relative_path: the S3 key
  std::string view_path;  // what follows the dataset's own relative_path
  std::string url;        // "" where not stated
  std::uint64_t size = 0;
  std::optional<Digest> digest;  // MD5; manifests before 2024 have none
};

// A kind of one dataset, as `directory_listing` has it.
struct AbcDirectory {
  std::string directory;
  std::string kind;
  std::string version;
  std::string path;  // "<kind>/<directory>/<version>"
};

struct AbcManifest {
  std::string version;
  std::vector<AbcDirectory> directories;
  std::vector<AbcFile> files;  // no two with equal directory, kind and path
  std::uint64_t bytes = 0;     // of all distinct paths
  std::vector<std::string> warnings;  // what is odd and was tolerated
};

// Whether a file needs a url of its own.
enum class AbcUrls { kUnused, kNeeded };

// Parses by key; unknown keys are ignored. Left out, with a warning that names
// the place as a JSON Pointer, are: an object of another shape, a path or name
// that a tree of ours cannot hold, the second of two FILE objects that
// contradict each other, a file that others need as a directory, and what makes
// the sizes add up to over 2^63-1.
// Errors: kInvalid, naming the place, for a document of another shape, and one
// whose files are all bad.
Result<AbcManifest> parse_abc_manifest(std::string_view text,
                                       AbcUrls urls = AbcUrls::kUnused);

// What a manifest says of one dataset; points into the manifest.
struct AbcDataset {
  std::string name;
  std::vector<const AbcDirectory*> places;
  std::vector<const AbcFile*> files;
};
// In order of their names.
[[nodiscard]] std::vector<AbcDataset> datasets_of(const AbcManifest& manifest);

}  // namespace omicsfs
