// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "catalog/result.h"
#include "fetch/transport.h"

// Where an answer sends its reader (RFC 9110 15.4). Pure.

namespace omicsfs {

// The most redirects that one request follows.
inline constexpr int kMaxRedirects = 5;

// Whether `head` is a 301, 302, 303, 307 or 308 that names a place.
[[nodiscard]] bool is_redirect(const ResponseHead& head);

// The url that `location`, as the answer to `from` has it, leads to.
// Errors: kUnavailable where it is not followed: to other than http or https,
// or from https down to http. REQUIRES: is_http_url(from).
Result<std::string> redirect_target(std::string_view from,
                                    std::string_view location);

}  // namespace omicsfs
