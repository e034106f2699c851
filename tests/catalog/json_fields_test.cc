// SPDX-License-Identifier: MIT
#include "catalog/json_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace omicsfs {
namespace {

JsonValue parsed_json(std::string_view text) {
  Result<JsonValue> root = JsonValue::parse(text);
  EXPECT_TRUE(root) << root.error().message;
  return *root;
}

std::string fault(std::string_view text, std::size_t depth = 64) {
  const Result<JsonValue> root = JsonValue::parse(text, {.depth = depth});
  return root ? "" : root.error().message;
}

TEST(JsonFields, MembersKeepTheDocumentsOrder) {
  const JsonValue root = parsed_json(R"({"z":1,"a":2,"m":null})");
  const auto members = root.members();
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 3U);
  EXPECT_EQ((*members)[0].first, "z");
  EXPECT_EQ((*members)[1].first, "a");
  EXPECT_EQ((*members)[2].first, "m");
}

TEST(JsonFields, EveryMemberIsFoundByItsKey) {
  const JsonValue root = parsed_json(R"({"z":1,"a":2,"m":3,"":4,"b":null})");
  EXPECT_EQ(*root.find("z")->as_size(), 1U);
  EXPECT_EQ(*root.find("a")->as_size(), 2U);
  EXPECT_EQ(*root.find("m")->as_size(), 3U);
  EXPECT_EQ(*root.find("")->as_size(), 4U);
  EXPECT_FALSE(root.find("b").has_value()) << "null counts as absent";
  EXPECT_FALSE(root.find("c").has_value());
}

TEST(JsonFields, TheErrorNamesThePlaceAsAPointer) {
  const JsonValue root = parsed_json(R"({"a/b":[{"c~d":true}]})");
  const auto elements = root.find("a/b")->elements();
  ASSERT_TRUE(elements);
  const JsonValue leaf = *elements->front().find("c~d");
  EXPECT_EQ(leaf.pointer(), "/a~1b/0/c~0d");
  EXPECT_EQ(leaf.as_string().error().message,
            "/a~1b/0/c~0d: expected a string, found a boolean");
  EXPECT_EQ(leaf.as_string().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(elements->front().at("x").error().message,
            "/a~1b/0: lacks the key \"x\"");
  EXPECT_EQ(root.elements().error().message,
            "(root): expected an array, found an object");
}

TEST(JsonFields, AValueOutlivesTheRootItCameFrom) {
  std::optional<JsonValue> leaf;
  {
    const JsonValue root = parsed_json(R"({"a":{"b":"text"}})");
    leaf = root.find("a")->find("b");
  }
  EXPECT_EQ(*leaf->as_string(), "text");
}

TEST(JsonFields, ASizeIsAWholeNumberBelowTwoToTheSixtyThree) {
  EXPECT_EQ(*parsed_json("0").as_size(), 0U);
  EXPECT_EQ(*parsed_json("9223372036854775807").as_size(),
            9223372036854775807U);
  for (const char* text : {"9223372036854775808", "18446744073709551616", "-1",
                           "-0", "1.0", "1e3", "\"1\"", "true", "null", "[]"}) {
    EXPECT_FALSE(parsed_json(text).as_size()) << text;
  }
}

TEST(JsonFields, NumbersOfEveryKindReadAsNumber) {
  EXPECT_EQ(*parsed_json("7").as_number(), 7.0);
  EXPECT_EQ(*parsed_json("-7").as_number(), -7.0);
  EXPECT_EQ(*parsed_json("0.5").as_number(), 0.5);
  EXPECT_FALSE(parsed_json("\"7\"").as_number());
  EXPECT_TRUE(*parsed_json("true").as_bool());
  EXPECT_FALSE(parsed_json("1").as_bool());
}

TEST(JsonFields, ADuplicateKeyIsRefusedWithItsPlace) {
  EXPECT_EQ(fault(R"({"a":[1,{"k":1,"b":2,"k":3}]})"),
            "/a/1: has the key \"k\" more than once");
  EXPECT_EQ(fault(R"({"k":1,"k":1})"),
            "(root): has the key \"k\" more than once");
}

TEST(JsonFields, NestingIsAllowedToExactlyTheLimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(fault(nested(5), 5), "");
  EXPECT_EQ(fault(nested(6), 5), "/0/0/0/0: is nested deeper than 5");
  EXPECT_NE(fault(std::string(1000000, '[')), "");
}

TEST(JsonFields, EveryPrefixOfADocumentIsRefused) {
  const std::string text = R"({"a":[1,-2,3.5e1],"b":{"c":"\u00e9x"},"d":null})";
  ASSERT_EQ(fault(text), "");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(fault(text.substr(0, length)), "") << length;
  }
}

TEST(JsonFields, WhatIsNotJsonIsRefused) {
  for (const char* text :
       {"", "{} x", "{'a':1}", "[1,]", "nul", "01", "\"\xFF\"", "\"\xC0\xAF\"",
        "1e999", "{\"a\" 1}", "\"\x01\""}) {
    EXPECT_NE(fault(text), "") << text;
  }
}

TEST(JsonQuoted, IsReadBackAsTheSameText) {
  const std::string text("q\"\\/\n\t\0\x1F\xC3\xA9", 10);
  EXPECT_EQ(*parsed_json(json_quoted(text)).as_string(), text);
}

TEST(JsonQuoted, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_quoted("a\xFF"), "\"a\xEF\xBF\xBD\"");
}

TEST(JsonFields, TheNumberOfValuesIsBoundedWhereverTheyStand) {
  const JsonLimits limits{.depth = 64, .values = 5};
  for (const char* text :
       {"[1,2,3,4]", "{\"a\":1,\"b\":[2],\"c\":{}}", "[[[[[]]]]]"}) {
    EXPECT_TRUE(JsonValue::parse(text, limits)) << text;
  }
  for (const char* text : {"[1,2,3,4,5]", "{\"a\":1,\"b\":[2,3],\"c\":{}}",
                           "[[[[[[]]]]]]", "[{},{},{},{},[]]"}) {
    const auto parsed = JsonValue::parse(text, limits);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace omicsfs
