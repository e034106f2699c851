// SPDX-License-Identifier: MIT
#include "catalog/rfc3339.h"

#include <charconv>
#include <chrono>

namespace omicsfs {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at,
                          std::size_t count) {
  int value = 0;
  if (at + count > text.size()) {
    return std::nullopt;
  }
  const char* const begin = text.data() + at;
  const auto [stop, error] = std::from_chars(begin, begin + count, value);
  const bool whole =
      error == std::errc() && stop == begin + count && value >= 0;
  return whole ? std::optional(value) : std::nullopt;
}

// Seconds east of UTC of "Z", "+00:00" or "-07:00"; none for other texts.
std::optional<std::int64_t> zone_seconds(std::string_view zone) {
  if (zone == "Z") {
    return 0;
  }
  const auto hours = digits(zone, 1, 2);
  const auto minutes = digits(zone, 4, 2);
  const bool valid = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') &&
                     zone[3] == ':' && hours && minutes;
  if (!valid) {
    return std::nullopt;
  }
  const std::int64_t seconds =
      std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return zone[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  const bool formed = year && month && day && hour && minute && second &&
                      text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                      text[13] == ':' && text[16] == ':' && *hour < 24 &&
                      *minute < 60 && *second <= 60;
  if (!formed) {
    return std::nullopt;
  }
  const auto date = std::chrono::year(*year) / *month / *day;
  std::size_t zone = 19;
  if (zone < text.size() && text[zone] == '.') {
    zone = text.find_first_not_of("0123456789", zone + 1);
  }
  const auto offset =
      zone < text.size() ? zone_seconds(text.substr(zone)) : std::nullopt;
  if (!date.ok() || !offset) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::seconds(days).count() + std::int64_t{*hour} * 3600 +
         std::int64_t{*minute} * 60 + *second - *offset;
}

}  // namespace omicsfs
