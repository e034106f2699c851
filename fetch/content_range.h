// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fetch/byte_range.h"

namespace omicsfs {

// A Content-Range field in bytes (RFC 9110 14.4). At least one is given.
struct ContentRange {
  std::optional<ByteRange> range;      // none: "*", in a 416
  std::optional<std::uint64_t> total;  // none: "*", not known
  bool operator==(const ContentRange&) const = default;
};

// None unless `text` is exactly such a field: "bytes 0-9/100", "bytes 0-9/*"
// or "bytes */100", with first <= last < total and no number over 64 bits.
// Pure.
[[nodiscard]] std::optional<ContentRange> parse_content_range(
    std::string_view text);

}  // namespace omicsfs
