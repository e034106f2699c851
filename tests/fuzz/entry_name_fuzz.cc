// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/entry_name.h"

// A cleaned name is always valid, a valid one is left alone, and the names of a
// path make the path again.

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(bytes), size);
  const std::string clean = omicsfs::clean_entry_name(raw);
  const bool kept = clean == raw;
  if (!omicsfs::check_entry_name(clean) ||
      kept != omicsfs::check_entry_name(raw).has_value()) {
    std::abort();
  }
  const auto names = omicsfs::split_path(raw);
  if (!names) {
    return 0;
  }
  std::string joined;
  for (const std::string_view name : *names) {
    joined += (joined.empty() ? "" : "/") + std::string(name);
  }
  if (joined != raw) {
    std::abort();
  }
  return 0;
}
