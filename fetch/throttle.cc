// SPDX-License-Identifier: MIT
#include "fetch/throttle.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "fetch/retry_after.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SystemTime = std::chrono::system_clock::time_point;

constexpr milliseconds kLongestReset = std::chrono::hours{24};
// Numbers from here on are Unix times, in seconds or in milliseconds.
constexpr std::uint64_t kLeastUnixSeconds = 1'000'000'000;
constexpr std::uint64_t kLeastUnixMilliseconds = 1'000'000'000'000;

// What an answer says of one quota.
struct Quota {
  std::optional<std::uint64_t> remaining{};
  std::optional<milliseconds> reset{};  // from now
};

std::string_view trimmed_part(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  const auto last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, last - first + 1);
}

// The part of `text` before the next `mark`, which is taken off it.
std::string_view take_part(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed_part(part);
}

// A whole number, or one with a fraction, which is rounded up. Of a field that
// came twice the first counts.
std::optional<std::uint64_t> parse_quota_number(std::string_view text) {
  const std::string_view number = take_part(text, ',');
  std::uint64_t value = 0;
  const char* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, value);
  if (read.ec != std::errc{}) {
    return std::nullopt;
  }
  const std::string_view rest(read.ptr,
                              static_cast<std::size_t>(end - read.ptr));
  if (rest.empty()) {
    return value;
  }
  const auto digit = rest.find_first_not_of("0123456789", 1);
  const bool is_fraction = rest[0] == '.' && digit == std::string_view::npos;
  return is_fraction && value < UINT64_MAX ? std::optional(value + 1)
                                           : std::nullopt;
}

std::optional<milliseconds> parse_delta(std::string_view text) {
  const auto number = parse_quota_number(text);
  const auto most = static_cast<std::uint64_t>(kLongestReset / seconds{1});
  return number ? std::optional<milliseconds>(seconds{std::min(*number, most)})
                : std::nullopt;
}

// Seconds from now, or a Unix time.
std::optional<milliseconds> parse_reset(std::string_view text, SystemTime now) {
  const auto number = parse_quota_number(text);
  if (!number || *number < kLeastUnixSeconds) {
    return parse_delta(text);
  }
  const bool is_fine = *number >= kLeastUnixMilliseconds;
  const auto most = UINT64_MAX / 4'000'000;
  const auto unix_time = milliseconds(static_cast<milliseconds::rep>(
      std::min(is_fine ? *number : *number * 1'000, most)));
  const auto passed = std::chrono::floor<milliseconds>(now.time_since_epoch());
  return std::clamp(unix_time - passed, milliseconds{0}, kLongestReset);
}

// Names of policies may hold any of the marks that are looked for.
std::string without_strings(std::string_view text) {
  std::string rest;
  bool in_string = false;
  for (const char c : text) {
    in_string = in_string != (c == '"');
    if (!in_string) {
      rest += c;
    }
  }
  return rest;
}

void take_parameter(std::string_view text, Quota& quota, Quota& older) {
  const std::string_view name = take_part(text, '=');
  if (name == "r") {
    quota.remaining = parse_quota_number(text);
  } else if (name == "t") {
    quota.reset = parse_delta(text);
  } else if (name == "remaining") {
    older.remaining = parse_quota_number(text);
  } else if (name == "reset") {
    older.reset = parse_delta(text);
  }
}

// The longest time until a quota of the answer is there again.
class Pause {
 public:
  explicit Pause(bool refused) : refused_(refused) {}
  void consider(const Quota& quota) {
    const bool used_up = quota.remaining ? *quota.remaining == 0 : refused_;
    if (used_up && quota.reset) {
      longest_ = std::max(longest_, *quota.reset);
    }
  }
  [[nodiscard]] milliseconds longest() const { return longest_; }

 private:
  bool refused_;  // by a 429
  milliseconds longest_{0};
};

milliseconds pause_of_quotas(const ResponseHead& head, SystemTime now) {
  Pause pause(head.status == 429);
  Quota older;  // one quota over several items of the field
  const std::string field = without_strings(head.rate_limit);
  for (std::string_view items = field; !items.empty();) {
    Quota quota;
    for (auto item = take_part(items, ','); !item.empty();) {
      take_parameter(take_part(item, ';'), quota, older);
    }
    pause.consider(quota);
  }
  pause.consider(older);
  pause.consider({parse_quota_number(head.rate_limit_remaining),
                  parse_reset(head.rate_limit_reset, now)});
  return pause.longest();
}

}  // namespace

bool is_throttle(const ResponseHead& head) {
  if (head.status != 403) {
    return head.status == 429 || head.status == 503;
  }
  const bool used_up = parse_quota_number(head.rate_limit_remaining) == 0U ||
                       pause_of_quotas(head, {}) > milliseconds{0};
  return used_up || !head.retry_after.empty();
}

std::optional<milliseconds> pause_told_by(const ResponseHead& head,
                                          SystemTime now) {
  auto told = parse_retry_after(head.retry_after, now);
  if (!told && is_throttle(head)) {
    told = pause_of_quotas(head, now);
  }
  return told > milliseconds{0} ? told : std::nullopt;
}

RateAnswer rate_answer(const ResponseHead& head, SystemTime now) {
  if (is_throttle(head)) {
    return {head.status == 503 ? RateReply::kUnavailable : RateReply::kTooMany,
            pause_told_by(head, now)};
  }
  return {head.status < 500 ? RateReply::kServed : RateReply::kOther, {}};
}

void note_throttle(TryFailure& failure, const ResponseHead& head,
                   SystemTime now, bool serves_others) {
  failure.retry_after = pause_told_by(head, now);
  failure.busy = failure.failure == Failure::kTransient && is_throttle(head) &&
                 (failure.retry_after || serves_others);
}

}  // namespace omicsfs
