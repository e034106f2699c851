// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

// Percent-encoding of URIs (RFC 3986 2.1).

namespace omicsfs {

// Every byte but the unreserved ones (RFC 3986 2.3) and those of `keep` as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text,
                                         std::string_view keep);

// How '+' is read: in a form (application/x-www-form-urlencoded, also S3's
// encoding-type=url) it is a space.
enum class PlusSign { kItself, kSpace };

// The inverse; none where a '%' is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        PlusSign plus);

}  // namespace omicsfs
