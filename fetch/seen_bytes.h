// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace omicsfs {

// What a read has just returned: `bytes`, from `offset` of the file. Places are
// given as offsets in the file; whatever was not seen reads as nothing.
struct SeenBytes {
  std::uint64_t offset = 0;
  std::span<const std::byte> bytes;

  [[nodiscard]] bool holds(std::uint64_t at, std::uint64_t length) const {
    return at >= offset && at - offset <= bytes.size() &&
           length <= bytes.size() - (at - offset);
  }

  // The little-endian number of `width` bytes at `at`. REQUIRES: width <= 8.
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t at,
                                                    std::size_t width) const {
    static_assert(std::endian::native == std::endian::little);
    if (!holds(at, width)) {
      return std::nullopt;
    }
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + (at - offset), width);
    return value;
  }

  [[nodiscard]] bool says(std::uint64_t at, std::string_view text) const {
    return holds(at, text.size()) && std::memcmp(bytes.data() + (at - offset),
                                                 text.data(), text.size()) == 0;
  }
};

}  // namespace omicsfs
