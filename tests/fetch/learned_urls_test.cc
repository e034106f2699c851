// SPDX-License-Identifier: MIT
#include "fetch/learned_urls.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using std::chrono::seconds;
using Time = LearnedUrls::Time;

TEST(LearnedUrls, AreKnownUntilTheirEnd) {
  LearnedUrls urls;
  const Time now{seconds{10}};
  EXPECT_EQ(urls.of("a", now).url, "");
  urls.learned("a", "u", now + seconds{5}, now);
  EXPECT_EQ(urls.of("a", now + seconds{4}).url, "u");
  EXPECT_FALSE(urls.of("a", now + seconds{4}).failure);
  EXPECT_EQ(urls.of("a", now + seconds{5}).url, "");
  EXPECT_EQ(urls.size(), 0U);
  urls.learned("a", "u", Time::max(), now);
  EXPECT_EQ(urls.of("a", now + std::chrono::hours{10'000}).url, "u");
}

TEST(LearnedUrls, AFailureIsKnownForItsTime) {
  LearnedUrls urls;
  const Time now{seconds{10}};
  urls.failed("a", {ErrorCode::kRefused, "why"}, now + seconds{5}, now);
  EXPECT_EQ(urls.of("a", now).failure->message, "why");
  EXPECT_EQ(urls.of("a", now).url, "");
  EXPECT_FALSE(urls.of("a", now + seconds{5}).failure);
}

TEST(LearnedUrls, OneThatIsRefusedIsForgottenUnlessAnotherIsKnown) {
  LearnedUrls urls;
  const Time now{};
  urls.refused("a", "u");
  urls.learned("a", "new", Time::max(), now);
  urls.refused("a", "old");
  EXPECT_EQ(urls.of("a", now).url, "new");
  urls.refused("a", "new");
  EXPECT_EQ(urls.of("a", now).url, "");
}

TEST(LearnedUrls, OverTheirNumberThoseGoThatWereAskedForLongestAgo) {
  LearnedUrls urls(3);
  int tick = 0;
  const auto now = [&tick] { return Time{seconds{++tick}}; };
  for (const char* name : {"a", "b", "c"}) {
    urls.learned(name, name, Time::max(), now());
  }
  EXPECT_EQ(urls.of("a", now()).url, "a");
  urls.learned("d", "d", Time::max(), now());
  urls.failed("e", {ErrorCode::kRefused, "no"}, Time::max(), now());
  EXPECT_EQ(urls.size(), 3U);
  EXPECT_EQ(urls.of("a", now()).url, "a");
  EXPECT_EQ(urls.of("b", now()).url, "");
  EXPECT_EQ(urls.of("c", now()).url, "");
  EXPECT_EQ(urls.of("d", now()).url, "d");
  EXPECT_EQ(urls.of("e", now()).failure->message, "no");
}

}  // namespace
}  // namespace omicsfs
