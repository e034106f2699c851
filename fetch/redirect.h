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

// Whether `head` is a 301, 302, 303, 307 or 308 that names a place, or a 301 or
// 307 of S3's that names but a region (Amazon S3 User Guide, "Making requests",
// on redirects).
[[nodiscard]] bool is_redirect(const ResponseHead& head);

// The url that `location`, as the answer to `from` has it, leads to.
// Errors: kInvalid where it is not followed: to other than http or https,
// or from https down to http. REQUIRES: is_http_url(from).
Result<std::string> redirect_target(std::string_view from,
                                    std::string_view location);

// The url that `head`, the answer to `from`, leads to: its place, else the same
// object in its region. Errors: as above; also kInvalid where `from` is no
// url of S3's, or of that region already. REQUIRES: is_redirect(head),
// is_http_url(from).
Result<std::string> redirect_target(std::string_view from,
                                    const ResponseHead& head);

}  // namespace omicsfs
