// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "fetch/transport.h"

namespace omicsfs {

// The most bytes that the head of one response may have. A server has no use
// for more, and it is held in memory.
inline constexpr std::size_t kMaxHeadBytes = 64UL * 1024;

// Makes a ResponseHead of header lines as they arrive. Each status line begins
// a new head, so that after interim responses the last one is left. A field
// that comes twice is joined with ", " (RFC 9110 5.3).
class HeadReader {
 public:
  // Takes one line, its CRLF included. Lines after the blank one that ends a
  // head (trailers) are left out.
  // Errors: kUnavailable when a head passes kMaxHeadBytes.
  Result<void> take(std::string_view line);

  [[nodiscard]] const ResponseHead& head() const { return head_; }

 private:
  void begin(std::string_view status_line);
  void field(std::string_view name, std::string_view value);
  std::string* text_of(const std::string& name);

  ResponseHead head_;
  std::string content_length_;
  std::size_t bytes_ = 0;
  bool ended_ = true;
};

}  // namespace omicsfs
