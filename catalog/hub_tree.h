// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/digest.h"
#include "catalog/json_fields.h"
#include "catalog/result.h"

// What the Hugging Face Hub tells of the files of a repository, at
// <hub>/api/{datasets,models,spaces}/<owner>/<name>/tree/<revision>[/<folder>],
// with "?recursive=true" also of its folders (Hub API reference, "List tree").
// It tells a thousand at a time; the rest follows its Link header.

namespace omicsfs {

struct HubFile {
  std::string path;  // from the repository's root, as it is told
  std::uint64_t size = 0;
  // Of a file in large file storage its SHA-256. The "oid" of others is git's
  // hash of a blob, which is no digest of the bytes alone.
  std::optional<Digest> digest{};

  bool operator==(const HubFile&) const = default;
};

// What one entry of a page tells; none of a folder. Errors: as the next.
Result<std::optional<HubFile>> parse_hub_entry(const JsonValue& entry);

// The files of one page; folders are left out. Errors: kInvalid, naming the
// place, where it is none.
Result<std::vector<HubFile>> parse_hub_tree(std::string_view json);

// Where the files of the tree at `url` are, at the same revision:
// "<hub>/[datasets/]<owner>/<name>/resolve/<revision>/". "" where `url` is none
// of such a tree.
[[nodiscard]] std::string hub_tree_files(std::string_view url);

// The folder that the tree at `url` is of, decoded, with a slash at its end; ""
// of a whole repository, and where `url` is none of such a tree.
[[nodiscard]] std::string hub_tree_folder(std::string_view url);

}  // namespace omicsfs
