// SPDX-License-Identifier: MIT
#include "catalog/line_reader.h"

#include <algorithm>
#include <span>

namespace omicsfs {
namespace {

constexpr std::size_t kLinePieceBytes = std::size_t{64} << 10U;

}  // namespace

Result<std::optional<std::string_view>> LineReader::next() {
  std::size_t searched = start_;
  std::size_t end = buffer_.find('\n', searched);
  while (end == std::string::npos && !at_end_) {
    if (buffer_.size() - start_ > max_bytes_) {
      return Error{ErrorCode::kInvalid,
                   "line " + std::to_string(line_ + 1) + " is longer than " +
                       std::to_string(max_bytes_) + " bytes"};
    }
    buffer_.erase(0, start_);
    start_ = 0;
    searched = buffer_.size();
    buffer_.resize(searched + kLinePieceBytes);
    const auto got = read_(std::span(buffer_).subspan(searched));
    buffer_.resize(searched + (got ? *got : 0));
    if (!got) {
      return got.error();
    }
    at_end_ = *got == 0;
    end = buffer_.find('\n', searched);
  }
  if (start_ == buffer_.size()) {
    return std::optional<std::string_view>();
  }
  ++line_;
  const std::size_t stop = std::min(end, buffer_.size());
  std::string_view line =
      std::string_view(buffer_).substr(start_, stop - start_);
  start_ = std::min(stop + 1, buffer_.size());
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return std::optional(line);
}

}  // namespace omicsfs
