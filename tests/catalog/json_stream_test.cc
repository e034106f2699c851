// SPDX-License-Identifier: MIT
#include "catalog/json_stream.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

struct Streamed {
  std::vector<std::string> lines;  // "a.b=text"
  std::optional<Error> error;
};

Streamed streamed(const std::string& text, std::size_t piece = 3) {
  Streamed result;
  TextPieces pieces(text, piece);
  const auto done = stream_json(
      pieces.reader(),
      [&result](const JsonScalar& scalar) -> Result<void> {
        std::string line;
        for (const std::string& key : scalar.keys) {
          line += (line.empty() ? "" : ".") + key;
        }
        result.lines.push_back(line + "=" + std::string(scalar.text));
        return {};
      },
      8);
  if (!done) {
    result.error = done.error();
  }
  return result;
}

TEST(StreamJson, GivesEachScalarWithItsKeys) {
  const Streamed got = streamed(
      R"({"a": 1, "b": {"c": "x", "d": [true, null, {"e": 46.000}]}, "f": -2})");
  EXPECT_FALSE(got.error);
  EXPECT_EQ(got.lines,
            (std::vector<std::string>{"a=1", "b.c=x", "b.d=true",
                                      "b.d=", "b.d.e=46.000", "f=-2"}));
}

TEST(StreamJson, TheSamePiecesOrWhole) {
  const std::string text = R"({"key": "a long enough text", "n": [1, 2, 3]})";
  EXPECT_EQ(streamed(text, 1).lines, streamed(text, 1000).lines);
}

TEST(StreamJson, WhatIsNoJsonIsInvalid) {
  for (const char* text : {"", "{", "{]", "[1,]", "nul", "\"\x01\"", "{} {}"}) {
    const Streamed got = streamed(text);
    ASSERT_TRUE(got.error) << text;
    EXPECT_EQ(got.error->code, ErrorCode::kInvalid) << text;
  }
}

TEST(StreamJson, NestingIsBounded) {
  EXPECT_FALSE(streamed(std::string(8, '[') + std::string(8, ']')).error);
  EXPECT_TRUE(streamed(std::string(9, '[') + std::string(9, ']')).error);
}

TEST(StreamJson, AFailureToReadOrToTakeEndsIt) {
  const auto read = stream_json(
      [](std::span<char>) -> Result<std::size_t> {
        return Error{ErrorCode::kUnavailable, "no network"};
      },
      [](const JsonScalar&) -> Result<void> { return {}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  TextPieces pieces("[1, 2]");
  const auto taken =
      stream_json(pieces.reader(), [](const JsonScalar&) -> Result<void> {
        return Error{ErrorCode::kInvalid, "not that"};
      });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "not that");
}

}  // namespace
}  // namespace omicsfs
