// SPDX-License-Identifier: MIT
#include "fetch/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kLongest = std::chrono::hours{24};

// Digits only: no sign, no space. Too many digits for a long count as many.
std::optional<long> parse_digits(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  long value = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} ? value : kLongest.count();
}

std::optional<unsigned> parse_month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun",
      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const found = std::find(kMonths.begin(), kMonths.end(), name);
  if (found == kMonths.end()) {
    return std::nullopt;
  }
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

// "06 Nov 1994"
std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  const auto day = parse_digits(text.substr(0, 2));
  const auto month = parse_month(text.substr(3, 3));
  const auto year = parse_digits(text.substr(7, 4));
  if (!day || !month || !year || text[2] != ' ' || text[6] != ' ') {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
      std::chrono::day{static_cast<unsigned>(*day)}};
  return date.ok() ? std::optional(std::chrono::sys_days{date}) : std::nullopt;
}

// "08:49:37"; 60 is a leap second.
std::optional<seconds> parse_time(std::string_view text) {
  const auto hour = parse_digits(text.substr(0, 2));
  const auto minute = parse_digits(text.substr(3, 2));
  const auto second = parse_digits(text.substr(6, 2));
  if (!hour || !minute || !second || text[2] != ':' || text[5] != ':' ||
      *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return seconds{(*hour * 60 + *minute) * 60 + *second};
}

// "Sun, 06 Nov 1994 08:49:37 GMT". The name of the day tells nothing new.
std::optional<sys_seconds> parse_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " ||
      text[16] != ' ' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto day = parse_day(text.substr(5, 11));
  const auto time = parse_time(text.substr(17, 8));
  if (!day || !time) {
    return std::nullopt;
  }
  return *day + *time;
}

}  // namespace

std::optional<milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now) {
  if (const auto delta = parse_digits(text)) {
    return std::min(seconds{*delta}, kLongest);
  }
  const auto date = parse_date(text);
  if (!date) {
    return std::nullopt;
  }
  const auto wait = *date - std::chrono::time_point_cast<seconds>(now);
  return std::clamp(seconds{wait}, seconds{0}, kLongest);
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  const auto date = parse_date(text);
  return date ? std::optional<std::int64_t>(date->time_since_epoch().count())
              : std::nullopt;
}

}  // namespace omicsfs
