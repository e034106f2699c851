// SPDX-License-Identifier: MIT
#include "catalog/release_date.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace omicsfs {
namespace {

// REQUIRES: `digits` are few and all digits.
int number_of(std::string_view digits) {
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::int64_t> release_date(std::string_view version) {
  if (version.size() != 8 ||
      !std::all_of(version.begin(), version.end(), is_digit)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day(
      std::chrono::year(number_of(version.substr(0, 4))),
      std::chrono::month(
          static_cast<unsigned>(number_of(version.substr(4, 2)))),
      std::chrono::day(static_cast<unsigned>(number_of(version.substr(6, 2)))));
  if (!day.ok()) {
    return std::nullopt;
  }
  return std::chrono::seconds(std::chrono::sys_days(day).time_since_epoch())
      .count();
}

}  // namespace omicsfs
