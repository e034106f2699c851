// SPDX-License-Identifier: MIT
#include "catalog/tsv_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace omicsfs {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

// Looks for the end of a row, and goes on where more of it has come. A line
// break within quotes ends no row, and a quote counts at a cell's start alone.
struct RowScan {
  std::size_t at = 0;  // what was looked at
  bool quoted = false;
  bool cell_start = true;

  // Whether the line break at `at` ends the row.
  bool find_end(std::string_view row) {
    for (; at < row.size(); ++at) {
      const char c = row[at];
      if (quoted) {
        quoted = c != '"';  // a doubled one opens it again
        cell_start = !quoted;
        continue;
      }
      if (c == '\n') {
        return true;
      }
      quoted = c == '"' && cell_start;
      cell_start = c == '\t';
    }
    return false;
  }
};

}  // namespace

// Brings in the next piece; what was given out goes. False at the end.
Result<bool> TsvReader::fill() {
  buffer_.erase(0, std::exchange(start_, 0));
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kPieceBytes);
  const auto got = read_(std::span(buffer_).subspan(held));
  buffer_.resize(held + (got ? *got : 0));
  if (!got) {
    return got.error();
  }
  at_end_ = *got == 0;
  return !at_end_;
}

// Where the line break that ends the row stands, or the document's end; none
// where the document has no more rows.
Result<std::optional<std::size_t>> TsvReader::row_end() {
  RowScan scan;
  while (true) {
    const std::string_view row = std::string_view(buffer_).substr(start_);
    if (scan.find_end(row)) {
      return std::optional(start_ + scan.at);
    }
    if (scan.at > kMaxRowBytes) {
      return Error{ErrorCode::kInvalid,
                   "line " + std::to_string(line_) + " has no end"};
    }
    const auto more = fill();
    if (!more) {
      return more.error();
    }
    if (*more) {
      continue;
    }
    if (scan.quoted) {
      return Error{
          ErrorCode::kInvalid,
          "a quote on line " + std::to_string(line_) + " is not closed"};
    }
    return scan.at == 0 ? std::nullopt : std::optional(start_ + scan.at);
  }
}

// The cell at `at`, which is moved behind the tab that follows it, or past
// `end`. Quotes are taken off in place.
std::string_view TsvReader::take_cell(std::size_t& at, std::size_t end) {
  const auto tab_from = [&](std::size_t from) {
    const void* const tab = std::memchr(&buffer_[from], '\t', end - from);
    return tab == nullptr ? end
                          : static_cast<std::size_t>(
                                static_cast<const char*>(tab) - buffer_.data());
  };
  const std::size_t begin = at;
  if (begin == end || buffer_[begin] != '"') {
    const std::size_t tab = begin == end ? end : tab_from(begin);
    at = tab + 1;
    return std::string_view(buffer_).substr(begin, tab - begin);
  }
  std::size_t out = begin;
  std::size_t in = begin + 1;
  for (; in < end; ++in) {
    if (buffer_[in] == '"') {
      if (in + 1 == end || buffer_[in + 1] != '"') {
        ++in;
        break;
      }
      ++in;
    }
    buffer_[out++] = buffer_[in];
  }
  // What follows a closing quote up to the tab belongs to the cell, as Python
  // reads it.
  for (; in < end && buffer_[in] != '\t'; ++in) {
    buffer_[out++] = buffer_[in];
  }
  at = in + 1;
  return std::string_view(buffer_).substr(begin, out - begin);
}

void TsvReader::split(std::size_t end) {
  cells_.clear();
  std::size_t at = start_;
  while (at <= end) {
    cells_.push_back(take_cell(at, end));
  }
}

Result<bool> TsvReader::next() {
  while (true) {
    const auto found = row_end();
    if (!found) {
      return found.error();
    }
    if (!*found) {
      return false;
    }
    const std::size_t stop = **found;
    const std::size_t begin = start_;
    row_line_ = line_;
    line_ += static_cast<std::uint64_t>(
        std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(begin),
                   buffer_.begin() + static_cast<std::ptrdiff_t>(stop), '\n'));
    ++line_;
    const bool carriage = stop > begin && buffer_[stop - 1] == '\r';
    const std::size_t end = carriage ? stop - 1 : stop;
    const bool empty = end == begin;
    if (!empty) {
      split(end);
    }
    start_ = std::min(stop + 1, buffer_.size());
    if (!empty) {
      return true;
    }
  }
}

}  // namespace omicsfs
