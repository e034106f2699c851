// SPDX-License-Identifier: MIT
#include "fetch/rate_rules.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

std::string found(const RateRules& rules, std::string_view server) {
  const auto rule = rules.find(server);
  return rule ? rule->name + " " + std::to_string(rule->per_second) : "";
}

TEST(RateRules, HoldForAHostOrForAPortOfIt) {
  const RateRules rules(RateRules::PerSecond{{"a.org", 10},
                                             {"a.org:81", 5},
                                             {"b.org:80", 1},
                                             {"free.org", 0},
                                             {"[::1]", 7},
                                             {"[::2]:8", 8}});
  EXPECT_EQ(found(rules, "https://a.org"), "a.org 10");
  EXPECT_EQ(found(rules, "http://a.org:80"), "a.org 10");
  EXPECT_EQ(found(rules, "https://www.a.org"), "a.org 10");
  EXPECT_EQ(found(rules, "http://a.org:81"), "a.org:81 5");
  EXPECT_EQ(found(rules, "http://www.a.org:81"), "a.org:81 5");
  EXPECT_EQ(found(rules, "http://b.org:80"), "b.org:80 1");
  EXPECT_EQ(found(rules, "http://[::1]"), "[::1] 7");
  EXPECT_EQ(found(rules, "http://[::1]:8"), "[::1] 7");
  EXPECT_EQ(found(rules, "http://[::2]:8"), "[::2]:8 8");
  for (const char* server :
       {"http://b.org", "http://xa.org", "http://a.org.x", "http://www.org",
        "http://free.org", "http://www.www.a.org", "http://[::2]", "", "a.org",
        "http://"}) {
    EXPECT_EQ(found(rules, server), "") << server;
  }
}

TEST(RateRules, AreNamedByAHostOrAHostAndItsPort) {
  EXPECT_EQ(*RateRules::rule_name("www.A.org"), "a.org");
  EXPECT_EQ(*RateRules::rule_name("A.org:8080"), "a.org:8080");
  EXPECT_EQ(*RateRules::rule_name("[::1]:80"), "[::1]:80");
  for (const char* text : {"", ":80", "a/b", "http://a", "a?b", "u@a", "a b"}) {
    const auto name = RateRules::rule_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace omicsfs
