// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fetch/format_hints.h"

namespace omicsfs {

// A part of a file, put together by hand; zeros where nothing was put.
class ComposedBytes {
 public:
  explicit ComposedBytes(std::size_t size) : bytes_(size) {}

  // The little-endian number of `width` bytes, at `at` of the part.
  ComposedBytes& number(std::size_t at, std::uint64_t value,
                        std::size_t width) {
    std::memcpy(bytes_.data() + at, &value, width);
    return *this;
  }
  ComposedBytes& text(std::size_t at, std::string_view text) {
    std::memcpy(bytes_.data() + at, text.data(), text.size());
    return *this;
  }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::vector<ByteRange> hints(std::uint64_t offset,
                                             std::uint64_t file_size) const {
    return format_hints({offset, bytes_}, file_size);
  }
  // The hints of every shorter part with the same start: for tests of what must
  // hold wherever a read ends.
  [[nodiscard]] std::vector<std::vector<ByteRange>> hints_of_prefixes(
      std::uint64_t offset, std::uint64_t file_size) const {
    std::vector<std::vector<ByteRange>> all;
    for (std::size_t length = 0; length <= bytes_.size(); ++length) {
      all.push_back(
          format_hints({offset, std::span(bytes_).first(length)}, file_size));
    }
    return all;
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace omicsfs
