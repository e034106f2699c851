// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace omicsfs {

// A version of the form YYYYMMDD as its day's UTC midnight, in seconds since
// the epoch; none for any other text or a day that no calendar has.
[[nodiscard]] std::optional<std::int64_t> release_date(
    std::string_view version);

}  // namespace omicsfs
