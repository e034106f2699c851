// SPDX-License-Identifier: MIT
#include "fetch/throttle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::system_clock::time_point kNow{seconds{1'700'000'000}};

ResponseHead head_of(int status, const std::string& retry_after = "") {
  ResponseHead head;
  head.status = status;
  head.retry_after = retry_after;
  return head;
}

std::int64_t pause_of(const ResponseHead& head) {
  return pause_told_by(head, kNow).value_or(milliseconds{-1}).count();
}

TEST(Throttle, AServerIsBusyBy429And503AndBySome403) {
  for (int status = 100; status < 600; ++status) {
    EXPECT_EQ(is_throttle(head_of(status)), status == 429 || status == 503)
        << status;
  }
  EXPECT_TRUE(is_throttle(head_of(403, "7")));
  ResponseHead used_up = head_of(403);
  used_up.rate_limit_remaining = "0";
  EXPECT_TRUE(is_throttle(used_up));
  used_up.rate_limit_remaining = "1";
  EXPECT_FALSE(is_throttle(used_up));
  ResponseHead standard = head_of(403);
  standard.rate_limit = "\"api\";r=0;t=9";
  EXPECT_TRUE(is_throttle(standard));
}

TEST(Throttle, RetryAfterComesBeforeAllOtherFields) {
  for (const int status : {403, 429, 503}) {
    ResponseHead head = head_of(status, "7");
    head.rate_limit = "\"api\";r=0;t=57";
    head.rate_limit_reset = "90";
    EXPECT_EQ(pause_of(head), 7'000) << status;
  }
  EXPECT_EQ(pause_of(head_of(429, "Tue, 14 Nov 2023 22:14:20 GMT")), 60'000);
}

struct Case {
  std::string text;
  std::int64_t pause;
};

TEST(Throttle, EachFormOfRateLimitTellsThePause) {
  const std::vector<Case> cases = {
      {R"("resolvers";r=0;t=57)", 57'000},
      {R"("resolvers"; r=0; t=57)", 57'000},
      {R"("a;r=0;t=99,";r=0;t=5)", 5'000},
      {R"("a";r=3;t=99, "b";r=0;t=5)", 5'000},
      {R"("a";r=0;t=4, "b";r=0;t=5)", 5'000},
      {R"("a";t=6)", 6'000},
      {R"(default;r=0;t=8)", 8'000},
      {"limit=100, remaining=0, reset=50", 50'000},
      {"limit=100,reset=50", 50'000},
      {"limit=100, remaining=3, reset=50", -1},
      {R"("a";r=3;t=99)", -1},
      {R"("a";r=0)", -1},
      {R"("a";r=0;t=x)", -1},
      {R"("a";r=0;t=-1)", -1},
      {R"("a";r=0;t=0)", -1},
      {R"("a;r=0;t=5)", -1},
      {R"("a";r=0;t=99999999999999999999999)", -1},
      {R"("a";r=0;t=9999999999)", 86'400'000},
      {";;,=,;r;t=", -1},
      {"", -1},
  };
  for (const auto& [text, pause] : cases) {
    ResponseHead head = head_of(429);
    head.rate_limit = text;
    EXPECT_EQ(pause_of(head), pause) << text;
  }
}

TEST(Throttle, AResetIsSecondsFromNowOrAUnixTime) {
  const std::vector<Case> cases = {
      {"9", 9'000},
      {"9.2", 10'000},
      {"9, 9", 9'000},
      {"1700000012", 12'000},
      {"1700000012.5", 13'000},
      {"1700000012345", 12'345},
      {"1600000000", -1},
      {"0", -1},
      {"soon", -1},
      {"9s", -1},
      {"", -1},
      {"1800000000", 86'400'000},
      {"18446744073709551615", 86'400'000},
      {"18446744073709551615.1", -1},
  };
  for (const auto& [text, pause] : cases) {
    ResponseHead head = head_of(429);
    head.rate_limit_reset = text;
    EXPECT_EQ(pause_of(head), pause) << text;
  }
}

// A reset time stands beside right answers and other errors, too.
TEST(Throttle, AResetCountsOnlyWhereTheQuotaIsUsedUp) {
  for (const int status : {200, 206, 307, 403, 404, 429, 500, 503}) {
    for (const char* const remaining : {"", "0", "5"}) {
      ResponseHead head = head_of(status);
      head.rate_limit_reset = "9";
      head.rate_limit_remaining = remaining;
      const std::string left = remaining;
      const bool counts =
          (status == 429 && left.empty()) ||
          (left == "0" && (status == 403 || status == 429 || status == 503));
      EXPECT_EQ(pause_of(head), counts ? 9'000 : -1) << status << ' ' << left;
    }
  }
}

TEST(Throttle, ARateAnswerTeachesByItsStatus) {
  const auto reply = [](int status) {
    return rate_answer(head_of(status), kNow).reply;
  };
  for (const int status : {200, 206, 301, 403, 404, 412}) {
    EXPECT_EQ(reply(status), RateReply::kServed) << status;
  }
  EXPECT_EQ(reply(429), RateReply::kTooMany);
  EXPECT_EQ(reply(503), RateReply::kUnavailable);
  EXPECT_EQ(reply(500), RateReply::kOther);
  EXPECT_EQ(rate_answer(head_of(403, "5"), kNow).reply, RateReply::kTooMany);
  for (const int status : {200, 301, 404, 500}) {
    EXPECT_FALSE(rate_answer(head_of(status, "5"), kNow).pause) << status;
  }
  EXPECT_EQ(rate_answer(head_of(503, "5"), kNow).pause, seconds{5});
}

TEST(Throttle, AFailureIsBusyIfTheServerSaysUntilWhenOrServesOthers) {
  for (const int status : {404, 429, 500, 503}) {
    for (const bool told : {false, true}) {
      for (const bool others : {false, true}) {
        const bool transient = status != 404;
        TryFailure failure{
            transient ? Failure::kTransient : Failure::kOtherUrlOnly, {}};
        note_throttle(failure, head_of(status, told ? "3" : ""), kNow, others);
        EXPECT_EQ(failure.retry_after.has_value(), told);
        EXPECT_EQ(failure.busy,
                  (status == 429 || status == 503) && (told || others))
            << status;
      }
    }
  }
}

}  // namespace
}  // namespace omicsfs
