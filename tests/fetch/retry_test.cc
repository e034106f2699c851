// SPDX-License-Identifier: MIT
#include "fetch/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fetch/retry_after.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RetryPolicy kRetries{.max_retries = 40,
                               .first_delay = milliseconds{200},
                               .max_delay = milliseconds{20'000}};

TEST(Retry, DelayIsTheRandomPartOfTheDoublingCeiling) {
  milliseconds ceiling{200};
  for (int retry = 1; retry <= kRetries.max_retries; ++retry) {
    for (const double random : {0.0, 0.25, 0.5, 1.0}) {
      const auto delay = retry_delay(kRetries, retry, random, std::nullopt);
      ASSERT_TRUE(delay);
      EXPECT_EQ(
          delay->count(),
          static_cast<long>(static_cast<double>(ceiling.count()) * random))
          << retry << " " << random;
    }
    ceiling = std::min(ceiling * 2, kRetries.max_delay);
  }
}

TEST(Retry, ThereIsNoneOnceThePolicyIsSpent) {
  for (const int max : {0, 1, 5}) {
    const RetryPolicy policy{.max_retries = max};
    for (int retry = 1; retry <= 8; ++retry) {
      EXPECT_EQ(retry_delay(policy, retry, 0.5, std::nullopt).has_value(),
                retry <= max);
    }
  }
}

TEST(Retry, DelayIsNeverLessThanTheServerAskedUpToTheMost) {
  for (int retry = 1; retry <= 10; ++retry) {
    for (const long asked : {0L, 1L, 500L, 19'999L, 20'000L, 9'000'000L}) {
      const milliseconds wait(asked);
      const auto delay = retry_delay(kRetries, retry, 0.5, wait);
      ASSERT_TRUE(delay);
      const auto without = retry_delay(kRetries, retry, 0.5, std::nullopt);
      EXPECT_EQ(*delay, std::max(*without, std::min(wait, kRetries.max_delay)));
    }
  }
}

TEST(Retry, RandomNumberOutsideItsRangeStaysWithinTheCeiling) {
  EXPECT_EQ(retry_delay(kRetries, 1, -3.0, std::nullopt), milliseconds{0});
  EXPECT_EQ(retry_delay(kRetries, 1, 3.0, std::nullopt), milliseconds{200});
}

TEST(Jitter, StaysWithinItsRangeAndRepeatsWithItsSeed) {
  Jitter one(7);
  Jitter same(7);
  Jitter other(8);
  bool differs = false;
  for (int draw = 0; draw < 1000; ++draw) {
    const double number = one.next();
    EXPECT_GE(number, 0.0);
    EXPECT_LE(number, 1.0);
    EXPECT_EQ(number, same.next());
    differs = differs || number != other.next();
  }
  EXPECT_TRUE(differs);
}

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 5.6.7.
constexpr std::chrono::system_clock::time_point kExample{seconds{784111777}};

TEST(RetryAfter, SecondsAreTakenUpToADay) {
  EXPECT_EQ(parse_retry_after("0", kExample), seconds{0});
  EXPECT_EQ(parse_retry_after("120", kExample), seconds{120});
  EXPECT_EQ(parse_retry_after("86401", kExample), seconds{86400});
  EXPECT_EQ(parse_retry_after("99999999999999999999999999", kExample),
            seconds{86400});
}

TEST(RetryAfter, DateIsTakenAsTheTimeUntilThen) {
  constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(parse_retry_after(kDate, kExample), seconds{0});
  EXPECT_EQ(parse_retry_after(kDate, kExample - seconds{90}), seconds{90});
  EXPECT_EQ(parse_retry_after(kDate, kExample + seconds{90}), seconds{0});
  EXPECT_EQ(parse_retry_after(kDate, kExample - std::chrono::hours{48}),
            seconds{86400});
  EXPECT_EQ(parse_retry_after(
                "Thu, 29 Feb 1996 00:00:00 GMT",
                std::chrono::system_clock::time_point{seconds{825551940}}),
            seconds{60});
}

TEST(RetryAfter, AnythingElseSaysNothing) {
  for (const char* text :
       {"", " ", "-1", "+1", "1.5", "1 ", "soon", "0x10",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 06 Nov 1994 08.49.37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_retry_after(text, kExample), std::nullopt) << text;
  }
}

TEST(RetryAfter, EveryPrefixOfADateIsRefused) {
  const std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (std::size_t size = 0; size < date.size(); ++size) {
    EXPECT_EQ(parse_retry_after(date.substr(0, size), kExample), std::nullopt);
  }
}

// All that the delay depends on.
TEST(BusyDelay, IsWhatTheServerSaidOrTheBackoffWhileThePatienceLasts) {
  constexpr RetryPolicy kPolicy{.first_delay = milliseconds{200},
                                .max_delay = milliseconds{20'000},
                                .patience = milliseconds{60'000}};
  for (int tries = 1; tries <= 100; ++tries) {
    for (const int told : {-1, 1, 57'000, 60'000, 60'001}) {
      for (const int waited : {0, 3'000, 59'000, 60'000, 61'000}) {
        for (const double random : {0.0, 0.5, 1.0}) {
          BusyServer server{tries, {}, milliseconds{waited}};
          if (told >= 0) {
            server.told = milliseconds{told};
          }
          const int ceiling = tries < 5 ? 100 << tries : 2'000;
          const int delay =
              told >= 0 ? told : static_cast<int>(ceiling * random);
          const auto got = busy_delay(kPolicy, server, random);
          EXPECT_EQ(got.has_value(), waited + delay <= 60'000);
          EXPECT_EQ(got.value_or(milliseconds{delay}), milliseconds{delay});
        }
      }
    }
  }
}

}  // namespace
}  // namespace omicsfs
