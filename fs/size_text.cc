// SPDX-License-Identifier: MIT
#include "fs/size_text.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
// Three digits of fraction of the largest unit still fit 64 bits.
constexpr std::size_t kMaxFractionDigits = 3;

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return value;
}

// The unit of a suffix: "" is 1, "k" 1000, "KiB" 1024.
std::optional<std::uint64_t> unit_of(std::string_view suffix) {
  std::string letters;
  for (const char c : suffix) {
    letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (!letters.empty() && letters.back() == 'b') {
    letters.pop_back();
  }
  if (letters.empty()) {
    return 1;
  }
  const std::size_t power = std::string_view("kmgtp").find(letters[0]);
  const std::string_view rest = std::string_view(letters).substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "i")) {
    return std::nullopt;
  }
  const std::uint64_t step = rest.empty() ? 1000 : 1024;
  std::uint64_t unit = step;
  for (std::size_t n = 0; n < power; ++n) {
    unit *= step;
  }
  return unit;
}

// `digits` as thousandths of one: "5" is 500.
std::optional<std::uint64_t> thousandths(std::string_view fraction) {
  if (fraction.size() > kMaxFractionDigits) {
    return std::nullopt;
  }
  std::string padded(fraction);
  padded.resize(kMaxFractionDigits, '0');
  return fraction.empty() ? std::nullopt : digits(padded);
}

struct Parts {
  std::string_view whole;
  std::optional<std::string_view> fraction;
  std::string_view suffix;
};

Parts split(std::string_view text) {
  Parts parts;
  const std::size_t number_end =
      std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, number_end);
  const std::size_t point = number.find('.');
  parts.whole = number.substr(0, point);
  if (point != std::string_view::npos) {
    parts.fraction = number.substr(point + 1);
  }
  parts.suffix = text.substr(number_end);
  if (!parts.suffix.empty() && parts.suffix.front() == ' ') {
    parts.suffix.remove_prefix(1);
  }
  return parts;
}

std::optional<std::uint64_t> bytes_of_text(std::string_view text) {
  const Parts parts = split(text);
  const auto whole = digits(parts.whole);
  const auto unit = unit_of(parts.suffix);
  const auto fraction =
      parts.fraction ? thousandths(*parts.fraction) : std::uint64_t{0};
  if (!whole || !unit || !fraction || *whole > kMax / *unit) {
    return std::nullopt;
  }
  const std::uint64_t of_whole = *whole * *unit;
  const std::uint64_t of_fraction = *fraction * *unit / 1000;
  if (of_fraction > kMax - of_whole) {
    return std::nullopt;
  }
  return of_whole + of_fraction;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = bytes_of_text(text);
  if (!bytes) {
    return Error{ErrorCode::kInvalid,
                 quoted(text) +
                     " is not a size; write it as 500M, 20G, 1.5T "
                     "or 20GiB"};
  }
  return *bytes;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"kB", "MB", "GB",
                                                      "TB", "PB", "EB"};
  if (bytes < 1000) {
    return fmt::format("{} B", bytes);
  }
  // Down to the unit below the wanted one, so that tenths can be rounded in
  // integers; 999,950 bytes are 1.0 MB, not 1000.0 kB.
  std::size_t unit = 0;
  std::uint64_t per_tenth = 100;
  const auto tenths = [&] {
    return bytes / per_tenth + (bytes % per_tenth >= per_tenth / 2 ? 1 : 0);
  };
  while (tenths() >= 10'000) {
    ++unit;
    per_tenth *= 1000;
  }
  return fmt::format("{}.{} {}", tenths() / 10, tenths() % 10, kUnits.at(unit));
}

}  // namespace omicsfs
