// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace omicsfs {

// Seconds since the epoch of "2013-03-23T16:46:18.670068+00:00" (RFC 3339);
// none for any other text.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace omicsfs
