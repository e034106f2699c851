// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/result.h"

// Sizes as people write and read them.

namespace omicsfs {

// "500000", "10G", "1.5 TB", "20GiB" as bytes. K, M, G, T and P, with or
// without B, are powers of 1000; Ki, Mi, … are powers of 1024; at most three
// digits after the point. Letter case does not matter.
// Errors: kInvalid, saying what is accepted.
Result<std::uint64_t> parse_size(std::string_view text);

// Bytes with one decimal in the largest decimal unit that gives at least 1:
// "0 B", "999 B", "1.0 kB", "646.8 GB". Rounded half up.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace omicsfs
