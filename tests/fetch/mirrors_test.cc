// SPDX-License-Identifier: MIT
#include "fetch/mirrors.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using Rules = std::vector<Mirrors::Rule>;
using Urls = std::vector<std::string>;

TEST(Mirrors, WithoutRulesTheUrlsStayAsTheyAre) {
  EXPECT_EQ(Mirrors().candidates({"http://b/1", "http://a/2"}),
            (Urls{"http://b/1", "http://a/2"}));
  EXPECT_TRUE(Mirrors().candidates({}).empty());
}

TEST(Mirrors, EachUrlIsFollowedByItsMirrorsInOrder) {
  const Mirrors mirrors(Rules{{"http://a/", {"http://m/x/", "http://n/"}}});
  EXPECT_EQ(
      mirrors.candidates({"http://a/p/q", "http://b/p/q"}),
      (Urls{"http://a/p/q", "http://m/x/p/q", "http://n/p/q", "http://b/p/q"}));
}

TEST(Mirrors, OnlyTheLongestMatchingPrefixCounts) {
  const Mirrors mirrors(Rules{{"http://a/", {"http://short/"}},
                              {"http://a/deep/", {"http://long/"}},
                              {"http://a/d", {"http://middle/"}}});
  EXPECT_EQ(mirrors.candidates({"http://a/deep/f"}),
            (Urls{"http://a/deep/f", "http://long/f"}));
  EXPECT_EQ(mirrors.candidates({"http://a/x"}),
            (Urls{"http://a/x", "http://short/x"}));
}

TEST(Mirrors, NoUrlIsListedTwice) {
  const Mirrors mirrors(
      Rules{{"http://a/", {"http://b/", "http://a/", "http://b/"}},
            {"http://b/", {"http://a/"}}});
  EXPECT_EQ(mirrors.candidates({"http://a/f", "http://b/f", "http://a/f"}),
            (Urls{"http://a/f", "http://b/f"}));
}

TEST(Mirrors, PrefixInTheMiddleOfAUrlIsNoMatch) {
  const Mirrors mirrors(Rules{{"http://a/", {"http://m/"}}});
  EXPECT_EQ(mirrors.candidates({"http://x/http://a/f"}),
            Urls{"http://x/http://a/f"});
}

}  // namespace
}  // namespace omicsfs
