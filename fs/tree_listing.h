// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/snapshot.h"

// A directory of a snapshot as text, the way ls(1) shows one.

namespace omicsfs {

struct ListingLine {
  std::string name;
  NodeFacts node;
  std::string target;  // of a symbolic link
};

// The entries of the directory at `path`, in byte order of their names; a file
// lists itself. Errors: as find_path.
Result<std::vector<ListingLine>> list_path(const Snapshot& snapshot,
                                           std::string_view path);

// One name a line, directories with a final slash. Names were cleaned when
// they were catalogued, so they cannot upset a terminal.
[[nodiscard]] std::string short_listing(
    const std::vector<ListingLine>& entries);
// Mode, links, size in bytes, date (UTC), name, as `ls -l`.
[[nodiscard]] std::string long_listing(const std::vector<ListingLine>& entries);
// A JSON array of objects: name, type, size, links, mtime, and target.
[[nodiscard]] std::string json_listing(const std::vector<ListingLine>& entries);

}  // namespace omicsfs
