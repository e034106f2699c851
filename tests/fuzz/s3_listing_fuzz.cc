// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/s3_page.h"

// Whatever the bytes, an accepted page has keys, and a way on where it is cut.

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(bytes), size);
  const auto page = omicsfs::parse_s3_page(xml);
  if (!page) {
    return 0;
  }
  if (page->is_truncated && page->next_token.empty()) {
    std::abort();
  }
  for (const omicsfs::S3Object& object : page->objects) {
    if (object.key.empty()) {
      std::abort();
    }
  }
  return 0;
}
