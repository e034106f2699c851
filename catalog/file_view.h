// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "catalog/column_table.h"

namespace omicsfs {

// What is shown of a file beside itself, where its source tells.
struct FileView {
  // The path at which its members stand, of an archive; "": nowhere. None: at
  // `<its path>.d` where the settings choose it (ArchiveChoice).
  std::optional<std::string> members_at{};
  // Blocks of columns of arrays within it, as read_file_columns has them.
  ColumnTable columns{};

  // Whether the file itself is the array that has the columns.
  [[nodiscard]] bool is_array() const { return columns.contains(""); }
  bool operator==(const FileView&) const = default;
};

}  // namespace omicsfs
