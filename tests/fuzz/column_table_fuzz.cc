// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/column_table.h"
#include "catalog/entry_name.h"

// Whatever a table says, its blocks have names that a directory can hold, and
// columns.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto table = omicsfs::parse_column_table(json);
  if (!table) {
    return 0;
  }
  for (const auto& [name, blocks] : *table) {
    for (const omicsfs::ColumnBlock& block : blocks) {
      if (!omicsfs::check_entry_name(block.name + ".npy") ||
          block.first >= block.end) {
        std::abort();
      }
    }
  }
  return 0;
}
