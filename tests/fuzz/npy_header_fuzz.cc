// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "catalog/column_table.h"
#include "catalog/npy_header.h"

// Whatever a header says, its columns lie within the file, and the header that
// is made for them reads as it was meant.

namespace {

void check_columns(const omicsfs::NpyHeader& header, std::uint64_t size) {
  auto array = std::make_shared<omicsfs::RemoteFile>();
  array->urls = {"https://h/a.npy"};
  array->size = size;
  const auto files = omicsfs::column_files(
      array, header, {{"first", 0, 1}, {"more", 1, 7}, {"all", 0, 424}});
  if (!files) {
    return;
  }
  for (const omicsfs::ColumnFile& column : *files) {
    const auto again = omicsfs::parse_npy_header(column.file.columns->header);
    if (!omicsfs::columns_fit(column.file) || !again ||
        again->shape.at(0) != header.shape.at(0) ||
        again->descr != header.descr) {
      std::abort();
    }
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::span text(reinterpret_cast<const char*>(data), size);
  const auto header = omicsfs::parse_npy_header(text);
  if (!header) {
    return 0;
  }
  if (header->header_bytes > size) {
    std::abort();
  }
  check_columns(*header, size);
  check_columns(*header,
                header->header_bytes + omicsfs::npy_data_bytes(*header));
  return 0;
}
