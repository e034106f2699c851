// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/read_piece.h"
#include "catalog/result.h"

namespace omicsfs {

// Reads tab-separated values as Python's csv module writes them with
// delimiter='\t' and minimal quoting: a cell that holds a tab, a quote or a
// line break stands in double quotes, with each quote in it doubled. Lines end
// in "\n" or "\r\n"; empty ones are passed over. Memory is what one row takes.
// Thread-compatible.
class TsvReader {
 public:
  // A longer row is no row of a catalogue.
  static constexpr std::size_t kMaxRowBytes = std::size_t{4} << 20;

  explicit TsvReader(ReadPiece read) : read_(std::move(read)) {}

  // Goes to the next row; false at the end. Errors: those of `read`; kInvalid,
  // a row over kMaxRowBytes or a quote that is not closed, with its line.
  Result<bool> next();

  // The cells of the row that next() went to; they last until the next call.
  [[nodiscard]] std::span<const std::string_view> cells() const {
    return cells_;
  }
  // The line that the row begins on, from 1.
  [[nodiscard]] std::uint64_t line() const { return row_line_; }

 private:
  Result<bool> fill();
  Result<std::optional<std::size_t>> row_end();
  void split(std::size_t end);
  std::string_view take_cell(std::size_t& at, std::size_t end);

  ReadPiece read_;
  std::string buffer_;      // read and not yet given out, from start_
  std::size_t start_ = 0;   // of the next row in buffer_
  bool at_end_ = false;     // `read` has no more
  std::uint64_t line_ = 1;  // of the next row
  std::uint64_t row_line_ = 0;
  std::vector<std::string_view> cells_;
};

}  // namespace omicsfs
