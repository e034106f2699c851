// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace omicsfs {

// The number that `bytes` are, the lowest byte first. REQUIRES: at most 8.
[[nodiscard]] constexpr std::uint64_t little_endian(
    std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes[i - 1]);
  }
  return value;
}

}  // namespace omicsfs
