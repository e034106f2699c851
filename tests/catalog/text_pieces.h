// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "catalog/json_stream.h"

namespace omicsfs {

// A text that is read piece by piece, once.
class TextPieces {
 public:
  explicit TextPieces(std::string text, std::size_t piece = 100)
      : text_(std::move(text)), piece_(piece) {}

  // REQUIRES: this outlives it.
  [[nodiscard]] ReadPiece reader() {
    return [this](std::span<char> out) -> Result<std::size_t> {
      const std::size_t count =
          std::min({piece_, out.size(), text_.size() - position_});
      std::memcpy(out.data(), text_.data() + position_, count);
      position_ += count;
      return count;
    };
  }

 private:
  const std::string text_;
  const std::size_t piece_;
  std::size_t position_ = 0;
};

}  // namespace omicsfs
