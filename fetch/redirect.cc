// SPDX-License-Identifier: MIT
#include "fetch/redirect.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fetch/bucket_region.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

Error refused(const std::string& why) {
  return {ErrorCode::kInvalid, "refused a redirect" + why};
}

// A space may not stand there, and does.
std::string without_spaces(std::string_view location) {
  std::string out;
  for (const char c : location) {
    out += c == ' ' ? "%20" : std::string(1, c);
  }
  return out;
}

}  // namespace

bool is_redirect(const ResponseHead& head) {
  constexpr std::array<int, 5> kStatuses = {301, 302, 303, 307, 308};
  const bool to_region =
      !head.bucket_region.empty() && (head.status == 301 || head.status == 307);
  const bool to_place =
      !head.location.empty() && std::find(kStatuses.begin(), kStatuses.end(),
                                          head.status) != kStatuses.end();
  return to_place || to_region;
}

Result<std::string> redirect_target(std::string_view from,
                                    std::string_view location) {
  std::string url = resolved_reference(from, without_spaces(location));
  if (!is_http_url(url)) {
    return refused(": it leads to no http or https url");
  }
  if (server_of(from).starts_with("https:") &&
      !server_of(url).starts_with("https:")) {
    return refused(" from https to http");
  }
  return url;
}

Result<std::string> redirect_target(std::string_view from,
                                    const ResponseHead& head) {
  if (!head.location.empty()) {
    return redirect_target(from, head.location);
  }
  std::string url = url_in_region(from, head.bucket_region);
  return url.empty() ? refused(": it names a region of S3, where this is not")
                     : Result<std::string>(std::move(url));
}

}  // namespace omicsfs
