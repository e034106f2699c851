// SPDX-License-Identifier: MIT
#include "catalog/gzip_piece.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/catalog/gzip_text.h"
#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

struct Steps {
  std::size_t in = 100;   // bytes that the raw document gives at a time
  std::size_t out = 100;  // bytes asked for at a time
};

// What `raw` is read as.
Result<std::string> read_all(const std::string& raw, const Steps& steps = {}) {
  TextPieces pieces(raw, steps.in);
  const ReadPiece read = inflated_if_gzip(pieces.reader());
  std::string text;
  std::vector<char> piece(steps.out);
  for (;;) {
    const auto count = read(piece);
    if (!count) {
      return count.error();
    }
    if (*count == 0) {
      return text;
    }
    text.append(piece.data(), *count);
  }
}

std::optional<ErrorCode> error_of(const std::string& raw) {
  const auto text = read_all(raw);
  return text ? std::nullopt : std::optional(text.error().code);
}

std::string sample_text() {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += std::to_string(i * i);
    text += i % 7 == 0 ? '\n' : '\t';
  }
  return text;
}

TEST(GzipPiece, WhatIsNoGzipIsReadAsItIs) {
  const std::string text = sample_text();
  for (const std::string& raw :
       {std::string(), std::string("x"), std::string("\x1f"),
        std::string("\x1f\x8c and so on"), text}) {
    for (const std::size_t in : {1, 2, 3, 1000}) {
      const auto got = read_all(raw, {in, 10});
      ASSERT_TRUE(got) << got.error().message;
      EXPECT_EQ(*got, raw);
    }
  }
}

TEST(GzipPiece, GzipIsInflatedInWhateverPieces) {
  for (const std::string& text : {std::string(), sample_text(),
                                  std::string(300'000, 'x') + sample_text()}) {
    for (const std::size_t in : {1, 2, 7, 100'000}) {
      for (const std::size_t out : {1, 13, 100'000}) {
        const auto got = read_all(gzip_of(text), {in, out});
        ASSERT_TRUE(got) << got.error().message;
        ASSERT_TRUE(*got == text) << in << " " << out;
      }
    }
  }
}

TEST(GzipPiece, MembersFollowOneAnother) {
  const std::string raw =
      gzip_of("one ") + gzip_of("") + gzip_of("two ") + gzip_of("three");
  for (const std::size_t in : {1, 5, 1000}) {
    const auto got = read_all(raw, {in, 100});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, "one two three");
  }
}

TEST(GzipPiece, ItsEndStaysItsEnd) {
  TextPieces pieces(gzip_of("text"));
  const ReadPiece read = inflated_if_gzip(pieces.reader());
  std::vector<char> out(100);
  EXPECT_EQ(*read(out), 4U);
  EXPECT_EQ(*read(out), 0U);
  EXPECT_EQ(*read(out), 0U);
}

TEST(GzipPiece, ZerosMayFollowAndNothingElse) {
  const std::string gzip = gzip_of("text");
  const std::string zeros(100'000, '\0');
  const auto got = read_all(gzip + zeros);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, "text");
  EXPECT_EQ(error_of(gzip + "x"), ErrorCode::kInvalid);
  EXPECT_EQ(error_of(gzip + zeros + "x"), ErrorCode::kInvalid);
  EXPECT_EQ(error_of(gzip + zeros + gzip), ErrorCode::kInvalid);
  EXPECT_EQ(error_of(gzip + "\x1f"), ErrorCode::kInvalid);
}

TEST(GzipPiece, OneThatIsCutIsInvalidWhereverItIs) {
  const std::string raw = gzip_of(sample_text()) + gzip_of("more");
  const std::size_t first = gzip_of(sample_text()).size();
  for (std::size_t length = 2; length < raw.size(); ++length) {
    if (length != first) {
      ASSERT_EQ(error_of(raw.substr(0, length)), ErrorCode::kInvalid) << length;
    }
  }
}

TEST(GzipPiece, AFlippedBitNeverGivesOtherText) {
  const std::string text = sample_text();
  const std::string raw = gzip_of(text);
  for (std::size_t bit = 16; bit < raw.size() * 8; ++bit) {
    std::string damaged = raw;
    char& byte = damaged[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    const auto got = read_all(damaged);
    if (got) {
      ASSERT_TRUE(*got == text) << bit;
    } else {
      ASSERT_EQ(got.error().code, ErrorCode::kInvalid) << bit;
    }
  }
}

TEST(GzipPiece, AnErrorOfItsSourceIsItsOwnAndStays) {
  const std::string gzip = gzip_of(sample_text());
  for (const std::size_t whole :
       {std::size_t{0}, std::size_t{1}, gzip.size()}) {
    int calls = 0;
    const ReadPiece read =
        inflated_if_gzip([&](std::span<char> out) -> Result<std::size_t> {
          if (calls++ > 0 || whole == 0) {
            return Error{ErrorCode::kUnavailable, "gone"};
          }
          std::copy_n(gzip.begin(), whole, out.begin());
          return whole;
        });
    std::vector<char> out(100'000);
    auto got = read(out);
    for (int i = 0; i < 3; ++i) {
      got = read(out);
    }
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::kUnavailable);
    EXPECT_LE(calls, 2);
  }
}

TEST(GzipPiece, ABombIsRefusedLongBeforeItsEnd) {
  // 256 MiB of zeros in 256 members of 1 KB.
  constexpr std::uint64_t kMember = std::uint64_t{1} << 20U;
  const std::string member = gzip_of(std::string(kMember, '\0'));
  int members = 0;
  const ReadPiece read =
      inflated_if_gzip([&](std::span<char> out) -> Result<std::size_t> {
        if (members == 256) {
          return std::size_t{0};
        }
        ++members;
        std::copy(member.begin(), member.end(), out.begin());
        return member.size();
      });
  std::vector<char> out(kMember);
  std::uint64_t bytes = 0;
  auto got = read(out);
  for (; got && *got > 0; got = read(out)) {
    bytes += *got;
  }
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kInvalid);
  EXPECT_LT(bytes, 64 * kMember + 300 * member.size() * 100);
}

}  // namespace
}  // namespace omicsfs
