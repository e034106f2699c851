// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/read_piece.h"
#include "catalog/result.h"

namespace omicsfs {

// Reads the lines of a text, which end in "\n" or "\r\n"; the last need not.
// Memory is what one line takes. Thread-compatible.
class LineReader {
 public:
  // A line over `max_bytes` is an error.
  LineReader(const ReadPiece& read, std::size_t max_bytes)
      : read_(read), max_bytes_(max_bytes) {}

  // The next line, without its end; none at the end of the text. It lasts until
  // the next call. Errors: those of `read`; kInvalid, a line that is too long.
  Result<std::optional<std::string_view>> next();

  // The number of the line that next() gave, from 1.
  [[nodiscard]] std::uint64_t line() const { return line_; }
  // "line 7".
  [[nodiscard]] std::string place() const {
    return "line " + std::to_string(line_);
  }

 private:
  const ReadPiece& read_;
  const std::size_t max_bytes_;
  std::string buffer_;     // read and not yet given out, from start_
  std::size_t start_ = 0;  // of the next line in buffer_
  bool at_end_ = false;    // `read` has no more
  std::uint64_t line_ = 0;
};

}  // namespace omicsfs
