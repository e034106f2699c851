// SPDX-License-Identifier: MIT
#include "catalog/json_elements.h"

#include <gtest/gtest.h>

#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

std::string shown(const JsonValue& value) {
  if (const auto text = value.as_string()) {
    return "'" + *text + "'";
  }
  if (const auto size = value.as_size()) {
    return std::to_string(*size);
  }
  return value.is_object() ? "{}" : value.is_array() ? "[]" : "?";
}

// What is told of `text`, read in pieces of that many bytes: the keys, and the
// places and values of the elements; the error at its end.
std::string told(const std::string& text, std::size_t piece = 100) {
  TextPieces pieces(text, piece);
  std::string out;
  const auto done = stream_json_elements(
      pieces.reader(), {[&out](const JsonElement& one) {
                          out += one.place() + "=" + shown(one.value) + " ";
                          return Result<void>();
                        },
                        [&out](std::string_view key) {
                          out += std::string(key) + ": ";
                          return Result<void>();
                        }});
  return done ? out : out + "! " + done.error().message;
}

TEST(JsonElements, MembersAndTheElementsOfArraysComeInOrder) {
  EXPECT_EQ(told(R"({"a": 1, "b": [ "x,]}\"", {"c": [3, "]"]}, [1], 2 ], )"
                 R"("d": {"e": [1]}, "f": [], "g": "h"})"),
            "a: /a=1 b: /b/0='x,]}\"' /b/1={} /b/2=[] /b/3=2 d: /d={} f: g: "
            "/g='h' ");
  EXPECT_EQ(told(" [1 ,{}, \"s\"]\n "), "/0=1 /1={} /2='s' ");
  EXPECT_EQ(told("{}"), "");
  EXPECT_EQ(told("[ ]"), "");
}

TEST(JsonElements, IsTheSameHoweverTheBytesArrive) {
  const std::string text = R"({"a\\": ["b\"", 12, [[]]], "c": "\\", "d": -1})";
  const std::string whole = told(text);
  EXPECT_EQ(whole.find('!'), std::string::npos) << whole;
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(told(text, piece), whole) << piece;
  }
}

TEST(JsonElements, EveryCutIsAnError) {
  const std::string text = R"({"a": ["b", {"c": 1}], "d": "e"})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(told(text.substr(0, size)).find("! "), std::string::npos) << size;
  }
}

TEST(JsonElements, WhatIsNoJsonIsRefused) {
  for (const char* text : {"",
                           "1",
                           "\"a\"",
                           "null",
                           "[1 2]",
                           "[1,]",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\" 1}",
                           "{a: 1}",
                           "{\"a\": }",
                           "{\"a\": 1,}",
                           "[1] 2",
                           "{}{}",
                           "[tru]",
                           "[\"a\" \"b\"]",
                           "{\"a\": 1, \"a\": 2}",
                           "{1: 2}",
                           "[01]",
                           "{\"a\": [}]}",
                           "{\"a\": {]}}",
                           "[{\"b\": 1, \"b\": 2}]"}) {
    EXPECT_NE(told(text).find("! "), std::string::npos) << text;
  }
}

TEST(JsonElements, AnElementIsBoundedInLengthAndDepth) {
  const std::string long_text =
      "[\"" + std::string(kMaxJsonElement, 'a') + "\"]";
  TextPieces pieces(long_text, 1U << 16U);
  const auto done = stream_json_elements(
      pieces.reader(), {[](const JsonElement&) { return Result<void>(); }});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("/0: it is longer"), std::string::npos);
  EXPECT_NE(told("[" + std::string(100, '[') + std::string(100, ']') + "]")
                .find("! /0: "),
            std::string::npos);
}

TEST(JsonElements, AnErrorOfTheTakerEndsIt) {
  TextPieces pieces("[1, 2, 3]");
  int seen = 0;
  const auto done = stream_json_elements(
      pieces.reader(), {[&seen](const JsonElement&) -> Result<void> {
        ++seen;
        return Error{ErrorCode::kInterrupted, "enough"};
      }});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace omicsfs
