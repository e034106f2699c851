// SPDX-License-Identifier: MIT
#include "fetch/content_range.h"

#include <charconv>
#include <limits>

namespace omicsfs {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

// Takes `unit` off the front of `text`, in any case.
bool skip_unit(std::string_view& text, std::string_view unit) {
  if (text.size() < unit.size()) {
    return false;
  }
  for (std::size_t at = 0; at < unit.size(); ++at) {
    const char c = text[at];
    const bool upper = c >= 'A' && c <= 'Z';
    if ((upper ? static_cast<char>(c - 'A' + 'a') : c) != unit[at]) {
      return false;
    }
  }
  text.remove_prefix(unit.size());
  return true;
}

bool skip(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// Takes a number off the front of `text`: digits only, within 64 bits.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

// "<first>-<last>". A last position of 2^64-1 is refused: the length of a range
// that ends there may not fit.
std::optional<ByteRange> take_range(std::string_view& text) {
  const auto first = take_number(text);
  if (!first || !skip(text, '-')) {
    return std::nullopt;
  }
  const auto last = take_number(text);
  if (!last || *last < *first || *last == kLargest) {
    return std::nullopt;
  }
  return ByteRange{*first, *last - *first + 1};
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  ContentRange out;
  if (!skip_unit(text, "bytes ")) {
    return std::nullopt;
  }
  const bool no_range = skip(text, '*');
  if (!no_range && !(out.range = take_range(text))) {
    return std::nullopt;
  }
  if (!skip(text, '/')) {
    return std::nullopt;
  }
  const bool no_total = skip(text, '*');
  if (!no_total && !(out.total = take_number(text))) {
    return std::nullopt;
  }
  const bool beyond = out.range && out.total && out.range->end() > *out.total;
  const bool nothing = no_range && no_total;
  return text.empty() && !beyond && !nothing ? std::optional(out)
                                             : std::nullopt;
}

}  // namespace omicsfs
