// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json_fields.h"
#include "catalog/npy_header.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"

// Names for the columns of arrays, and what files they make.

namespace omicsfs {

// The columns `first` to `end`, less the last, of an array.
struct ColumnBlock {
  std::string name;  // one that check_entry_name takes
  std::uint64_t first = 0;
  std::uint64_t end = 0;  // over `first`

  bool operator==(const ColumnBlock&) const = default;
};

// By the array's name, in the order of the table.
using ColumnTable =
    std::map<std::string, std::vector<ColumnBlock>, std::less<>>;

// Reads a table: {"<array>": {"<block>": [first, end], …}, …}. Blocks may
// overlap and leave columns out. Errors: kInvalid, naming the place.
Result<ColumnTable> parse_column_table(std::string_view json);

// Reads the columns of one file: such a table, of the arrays within it, by
// their paths; or, of a file that is an array itself, its blocks alone:
// {"<block>": [first, end], …}, which stand under the name "". Errors:
// kInvalid, naming the place.
Result<ColumnTable> read_file_columns(const JsonValue& value);

// A block of an array as a file of its own.
struct ColumnFile {
  std::string name;  // "<block>.npy"
  RemoteFile file;
};

// The blocks of the array whose file `array` begins with `header`: each an
// array file of version 1.0 with all rows and the block's columns. Those that
// reach past the array's columns are left out. Errors: kUnsupported, an array
// that is not two-dimensional, row by row; kInvalid, a file that is shorter
// than its header says.
Result<std::vector<ColumnFile>> column_files(
    const std::shared_ptr<const RemoteFile>& array, const NpyHeader& header,
    const std::vector<ColumnBlock>& blocks);

}  // namespace omicsfs
