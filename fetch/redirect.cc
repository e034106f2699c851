// SPDX-License-Identifier: MIT
#include "fetch/redirect.h"

#include <algorithm>
#include <array>

#include "fetch/url.h"

namespace omicsfs {
namespace {

Error refused(const std::string& why) {
  return {ErrorCode::kUnavailable, "refused a redirect" + why};
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
  return !head.location.empty() && std::find(kStatuses.begin(), kStatuses.end(),
                                             head.status) != kStatuses.end();
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

}  // namespace omicsfs
