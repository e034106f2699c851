// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/column_table.h"
#include "catalog/entry_name.h"

// Whatever a table says, its blocks have names that a directory can hold, and
// columns; and the arrays within a file have paths, but the file itself.
namespace {

void check_blocks(const std::vector<omicsfs::ColumnBlock>& blocks) {
  for (const omicsfs::ColumnBlock& block : blocks) {
    if (!omicsfs::check_entry_name(block.name + ".npy") ||
        block.first >= block.end) {
      std::abort();
    }
  }
}

void check_file_columns(std::string_view json) {
  const auto value = omicsfs::JsonValue::parse(json);
  const auto table = value ? omicsfs::read_file_columns(*value) : value.error();
  if (!table) {
    return;
  }
  for (const auto& [name, blocks] : *table) {
    if (name.empty() ? table->size() > 1 : !omicsfs::split_path(name)) {
      std::abort();
    }
    check_blocks(blocks);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  check_file_columns(json);
  const auto table = omicsfs::parse_column_table(json);
  if (!table) {
    return 0;
  }
  for (const auto& [name, blocks] : *table) {
    check_blocks(blocks);
  }
  return 0;
}
