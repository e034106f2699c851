// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/entry_name.h"
#include "catalog/sources/abc_manifest.h"

// Whatever the bytes, what is accepted has paths that a tree can hold, and what
// is refused says why.

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto manifest = omicsfs::parse_abc_manifest(text);
  if (!manifest) {
    if (manifest.error().message.empty()) {
      std::abort();
    }
    return 0;
  }
  for (const omicsfs::AbcFile& file : manifest->files) {
    if (!omicsfs::split_path(file.path) ||
        !omicsfs::split_path(file.view_path)) {
      std::abort();
    }
  }
  return 0;
}
