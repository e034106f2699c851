// SPDX-License-Identifier: MIT
#include "catalog/json_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
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

// A reader of `head`, then of `filler` up to far over the bound; counts its
// bytes.
ReadPiece endless(std::string head, char filler, std::uint64_t& bytes) {
  return [head = std::move(head), filler,
          &bytes](std::span<char> out) mutable -> Result<std::size_t> {
    if (bytes > 4 * kMaxJsonToken) {
      return std::size_t{0};
    }
    std::fill(out.begin(), out.end(), filler);
    std::copy_n(head.begin(), std::min(head.size(), out.size()), out.begin());
    head.clear();
    bytes += out.size();
    return out.size();
  };
}

TEST(StreamJson, ATokenWithoutAnEndIsReadNoFurtherThanItsBound) {
  for (const auto& [head, filler] :
       {std::pair("[\"", 'x'), std::pair("{\"", 'k'), std::pair("[1", '1'),
        std::pair("[", ' '), std::pair("{\"a\":\"", 'y')}) {
    std::uint64_t bytes = 0;
    const auto read =
        stream_json(endless(head, filler, bytes),
                    [](const JsonScalar&) -> Result<void> { return {}; });
    ASSERT_FALSE(read) << head;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << head;
    EXPECT_LE(bytes, kMaxJsonToken + (std::uint64_t{128} << 10U)) << head;
  }
}

TEST(StreamJson, ManyTokensMayTakeMoreThanOne) {
  std::uint64_t scalars = 0;
  std::uint64_t pieces = 0;
  const auto read = stream_json(
      [&](std::span<char> out) -> Result<std::size_t> {
        const std::uint64_t last = 2 * kMaxJsonToken / 65536;
        const std::string text =
            pieces == 0      ? "[1"
            : pieces == last ? ",1]"
                             : std::string(65536, ' ').replace(0, 2, ",1");
        ++pieces;
        if (pieces > last + 1) {
          return std::size_t{0};
        }
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
      },
      [&](const JsonScalar&) -> Result<void> {
        ++scalars;
        return {};
      });
  EXPECT_TRUE(read);
  EXPECT_EQ(scalars, 2 * kMaxJsonToken / 65536 + 1);
}

TEST(StreamJson, KeysAreShorterThanScalars) {
  const auto read = [](std::size_t key) {
    TextPieces pieces("{\"" + std::string(key, 'k') + "\": 1}");
    return stream_json(pieces.reader(),
                       [](const JsonScalar&) -> Result<void> { return {}; });
  };
  EXPECT_TRUE(read(kMaxJsonKey));
  EXPECT_FALSE(read(kMaxJsonKey + 1));
}

}  // namespace
}  // namespace omicsfs
