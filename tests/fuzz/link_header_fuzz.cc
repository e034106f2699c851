// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fetch/link_header.h"
#include "fetch/url.h"

// Wherever a Link header leads, it is nowhere or to http or https.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto next = omicsfs::next_link(value, "http://h/a/b?c");
  if (next && !next->empty() && !omicsfs::is_http_url(*next)) {
    std::abort();
  }
  return 0;
}
