// SPDX-License-Identifier: MIT
#include "fetch/signed_url.h"

#include <algorithm>
#include <charconv>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// Over it a number is no time: what is left of it must not overflow.
constexpr long kLargestTime = 100'000'000'000;
constexpr std::chrono::minutes kMargin{1};
constexpr milliseconds kLongestUse = std::chrono::hours{24 * 30};

// The value of `name` in the query of `url`, as it is written; "" = none.
std::string_view parameter(std::string_view url, std::string_view name) {
  url = url.substr(0, url.find('#'));
  const std::size_t query = url.find('?');
  std::string_view rest =
      query == std::string_view::npos ? "" : url.substr(query + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one.substr(0, one.find('=')) == name) {
      return one.substr(std::min(name.size() + 1, one.size()));
    }
  }
  return "";
}

std::optional<long> parse_number(std::string_view text) {
  long value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const bool whole = read.ec == std::errc{} && read.ptr == end;
  return whole && value >= 0 && value <= kLargestTime ? std::optional(value)
                                                      : std::nullopt;
}

// "20261120T101112Z"
std::optional<sys_seconds> parse_stamp(std::string_view text) {
  constexpr std::string_view kForm = "YYYYMMDDThhmmssZ";
  if (text.size() != kForm.size() || text[8] != 'T' || text[15] != 'Z') {
    return std::nullopt;
  }
  const auto date = parse_number(text.substr(0, 8));
  const auto time = parse_number(text.substr(9, 6));
  if (!date || !time) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year{static_cast<int>(*date / 10'000)},
      std::chrono::month{static_cast<unsigned>(*date / 100 % 100)},
      std::chrono::day{static_cast<unsigned>(*date % 100)}};
  const long hour = *time / 10'000;
  const long minute = *time / 100 % 100;
  const long second = *time % 100;
  if (!day.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return sys_days{day} + seconds{(hour * 60 + minute) * 60 + second};
}

}  // namespace

std::optional<sys_seconds> signed_until(std::string_view url) {
  const auto begin = parse_stamp(parameter(url, "X-Amz-Date"));
  const auto length = parse_number(parameter(url, "X-Amz-Expires"));
  if (begin && length) {
    return *begin + seconds{*length};
  }
  const auto end = parse_number(parameter(url, "Expires"));
  return end ? std::optional(sys_seconds{seconds{*end}}) : std::nullopt;
}

std::optional<milliseconds> good_for(
    std::string_view url, std::chrono::system_clock::time_point now) {
  const auto until = signed_until(url);
  if (!until) {
    return std::nullopt;
  }
  const milliseconds left =
      *until - std::chrono::time_point_cast<milliseconds>(now);
  if (left <= milliseconds{0}) {
    return std::nullopt;
  }
  return std::min(std::max<milliseconds>(left - kMargin, left / 2),
                  kLongestUse);
}

}  // namespace omicsfs
