// SPDX-License-Identifier: MIT
#include "fetch/signed_url.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

long until(std::string_view url) {
  const auto end = signed_until(url);
  return end ? end->time_since_epoch().count() : -1;
}

TEST(SignedUrl, TellsItsEndInEitherWay) {
  EXPECT_EQ(until("https://b.s3.amazonaws.com/k?response-content-disposition="
                  "attachment%3B%20filename%3Dx&AWSAccessKeyId=A&Signature=b"
                  "&x-amz-security-token=c&Expires=1795439515"),
            1'795'439'515);
  EXPECT_EQ(until("https://h/k?Expires=7&Signature=x#Expires=8"), 7);
  EXPECT_EQ(
      until("https://h/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Date=19700102T000001Z&X-Amz-Expires=3600&X-Amz-Sig=1"),
      86'400 + 1 + 3'600);
  EXPECT_EQ(until("https://h/k?X-Amz-Expires=60&X-Amz-Date=20240229T235960Z"),
            1'709'251'200 + 60);
}

TEST(SignedUrl, ThatDoesNotTellItWholeTellsNothing) {
  for (const char* url :
       {"",
        "https://h/k",
        "https://h/k?",
        "https://h/Expires=1",
        "https://h/k?Expires",
        "https://h/k?Expires=",
        "https://h/k?Expires=x",
        "https://h/k?Expires=1x",
        "https://h/k?Expires=-1",
        "https://h/k?Expires=99999999999999999999999",
        "https://h/k?expires=1",
        "https://h/k?MyExpires=1",
        "https://h/k?ExpiresAt=1",
        "https://h/k#?Expires=1",
        "https://h/k?X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=20240229T000000Z",
        "https://h/k?X-Amz-Date=20230229T000000Z&X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=20240229T240000Z&X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=20240229T006000Z&X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=20240229T000061Z&X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=2024022900000000&X-Amz-Expires=60",
        "https://h/k?X-Amz-Date=20240229T00-100Z&X-Amz-Expires=60"}) {
    EXPECT_EQ(until(url), -1) << url;
  }
}

// An hour's url is used for 59 minutes, one of a minute for half of one.
TEST(SignedUrl, IsGoodUntilAMinuteBeforeItsEndOrForHalfOfItsTime) {
  const sys_seconds now{seconds{1'000'000}};
  for (long left = 1; left <= 10'000; ++left) {
    const auto good = good_for(
        "https://h/k?Expires=" + std::to_string(1'000'000 + left), now);
    ASSERT_TRUE(good) << left;
    EXPECT_EQ(good->count(), std::max(left * 1'000 - 60'000, left * 500))
        << left;
  }
}

TEST(SignedUrl, IsNotUsedForYears) {
  const auto good = good_for("https://h/k?Expires=99999999999", {});
  EXPECT_EQ(good, std::chrono::hours{24 * 30});
}

TEST(SignedUrl, ThatWouldHaveEndedAlreadyIsForItsServerToRefuse) {
  const sys_seconds now{seconds{1'000'000}};
  for (const char* end : {"1000000", "999999", "0"}) {
    EXPECT_FALSE(good_for(std::string("https://h/k?Expires=") + end, now));
  }
  EXPECT_FALSE(good_for("https://h/k", now));
}

}  // namespace
}  // namespace omicsfs
