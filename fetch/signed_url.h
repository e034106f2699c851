// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

// How long a url is good whose query holds a signature, as it says itself.
// Pure.

namespace omicsfs {

// The end that S3's signatures tell, of both kinds: "Expires=<seconds since
// 1970>", or "X-Amz-Date=<YYYYMMDDThhmmssZ>&X-Amz-Expires=<seconds>". None
// where `url` has neither whole.
[[nodiscard]] std::optional<std::chrono::sys_seconds> signed_until(
    std::string_view url);

// For how long a url that was learned at `now` is used before another is asked
// for: until a minute before its end, or for half of its time where that is
// later; a month at most. None where it does not say, or would have ended
// already: then a clock is wrong, and its server is to tell.
[[nodiscard]] std::optional<std::chrono::milliseconds> good_for(
    std::string_view url, std::chrono::system_clock::time_point now);

}  // namespace omicsfs
