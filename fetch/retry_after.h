// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace omicsfs {

// How long a Retry-After field (RFC 9110 10.2.3) asks to wait from `now`:
// seconds, or a date in the one form that servers may send (IMF-fixdate, RFC
// 9110 5.6.7). A date that has passed is 0; more than a day is a day. None
// where `text` is neither. Pure.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now);

// Seconds since the epoch of a date of HTTP (Last-Modified, Date), in the form
// that servers must send (IMF-fixdate); none of any other text. Pure.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(
    std::string_view text);

}  // namespace omicsfs
