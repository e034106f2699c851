// SPDX-License-Identifier: MIT
#include "fetch/content_range.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace omicsfs {
namespace {

// Every field over a small world of numbers, with "*" as one of them.
TEST(ContentRange, IsReadExactlyWhereFirstLastAndTotalAreInOrder) {
  for (std::uint64_t first = 0; first <= 5; ++first) {
    for (std::uint64_t last = 0; last <= 5; ++last) {
      const auto any =
          parse_content_range(fmt::format("bytes {}-{}/*", first, last));
      EXPECT_EQ(any.has_value(), first <= last);
      for (std::uint64_t total = 0; total <= 7; ++total) {
        const auto got = parse_content_range(
            fmt::format("bytes {}-{}/{}", first, last, total));
        ASSERT_EQ(got.has_value(), first <= last && last < total);
        if (got) {
          EXPECT_EQ(got->range, (ByteRange{first, last - first + 1}));
          EXPECT_EQ(got->total, total);
        }
      }
    }
  }
}

TEST(ContentRange, UnsatisfiedRangeTellsTheTotal) {
  EXPECT_EQ(parse_content_range("bytes */47"),
            (ContentRange{std::nullopt, 47}));
  EXPECT_EQ(parse_content_range("bytes */*"), std::nullopt);
}

TEST(ContentRange, UnitIsReadInAnyCase) {
  EXPECT_TRUE(parse_content_range("BYTES 0-0/1"));
  EXPECT_TRUE(parse_content_range("Bytes 0-0/1"));
  EXPECT_FALSE(parse_content_range("bits 0-0/1"));
}

TEST(ContentRange, LargestNumbersDoNotOverflow) {
  EXPECT_EQ(
      parse_content_range("bytes 0-18446744073709551613/18446744073709551614")
          ->range,
      (ByteRange{0, 18446744073709551614U}));
  EXPECT_TRUE(parse_content_range(
      "bytes 18446744073709551614-18446744073709551614/18446744073709551615"));
  EXPECT_FALSE(parse_content_range("bytes 0-18446744073709551615/*"));
  EXPECT_FALSE(
      parse_content_range("bytes 18446744073709551615-18446744073709551615/*"));
  EXPECT_FALSE(parse_content_range("bytes 0-18446744073709551616/*"));
  EXPECT_FALSE(parse_content_range("bytes 0-0/18446744073709551616"));
}

TEST(ContentRange, AnythingMoreOrLessIsRefused) {
  for (const char* text : {"",
                           "bytes",
                           "bytes ",
                           "bytes  0-0/1",
                           " bytes 0-0/1",
                           "bytes=0-0/1",
                           "bytes 0-0/1 ",
                           "bytes 0-0/1x",
                           "bytes 0-/1",
                           "bytes -0/1",
                           "bytes 0/1",
                           "bytes 0-0",
                           "bytes 0-0/",
                           "bytes +0-0/1",
                           "bytes 0-+0/1",
                           "bytes 0-0/-1",
                           "bytes 0x0-0/1",
                           "bytes 0 - 0/1",
                           "bytes 0-0,1-1/2",
                           "bytes 0-0/1, bytes 0-0/1",
                           "bytes *-0/1",
                           "bytes **/1"}) {
    EXPECT_EQ(parse_content_range(text), std::nullopt) << text;
  }
}

TEST(ContentRange, EveryPrefixOfAFieldWithoutItsTotalIsRefused) {
  const std::string_view field = "bytes 10-19/";
  for (std::size_t size = 0; size <= field.size(); ++size) {
    EXPECT_EQ(parse_content_range(field.substr(0, size)), std::nullopt);
  }
}

}  // namespace
}  // namespace omicsfs
