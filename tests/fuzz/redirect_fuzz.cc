// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fetch/bucket_region.h"
#include "fetch/redirect.h"
#include "fetch/signed_url.h"
#include "fetch/url.h"

// Wherever an answer leads, it is to http or https, and not from https to http;
// and whatever its url says of its end can be counted with. A bucket's region
// changes nothing but the endpoint.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view location(reinterpret_cast<const char*>(data), size);
  const std::string there =
      omicsfs::url_in_region("https://b.s3.amazonaws.com/k?q", location);
  if (!there.empty() && (there.find("https://b.s3.") != 0 ||
                         omicsfs::server_of(there) + "/k?q" != there)) {
    std::abort();
  }
  for (const char* from :
       {"http://h/a/b?c", "https://h", "https://u:p@h:1/?x"}) {
    const auto target = omicsfs::redirect_target(from, location);
    if (!target) {
      continue;
    }
    const bool secure = std::string_view(from).starts_with("https");
    if (!omicsfs::is_http_url(*target) ||
        (secure && !omicsfs::server_of(*target).starts_with("https://"))) {
      std::abort();
    }
    const auto good = omicsfs::good_for(*target, {});
    if (good && (good->count() <= 0 || *good > std::chrono::hours{1'000})) {
      std::abort();
    }
  }
  return 0;
}
