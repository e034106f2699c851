// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/directory_index.h"
#include "catalog/entry_name.h"
#include "catalog/file_listing.h"

// Whatever the bytes, what is listed can stand in a tree.

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto entries = omicsfs::parse_directory_index(text)) {
    for (const omicsfs::IndexEntry& entry : *entries) {
      if (!omicsfs::check_entry_name(entry.name)) {
        std::abort();
      }
    }
  }
  if (const auto files = omicsfs::parse_file_listing(text, "https://h/")) {
    for (const omicsfs::ListedFile& file : *files) {
      if (!omicsfs::split_path(file.path) || !file.url.starts_with("http")) {
        std::abort();
      }
    }
  }
  return 0;
}
