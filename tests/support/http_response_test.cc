// SPDX-License-Identifier: MIT
#include "tests/support/http_response.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/http_request.h"

namespace omicsfs {
namespace {

std::string span_of(std::uint64_t first, std::uint64_t last) {
  return "bytes=" + std::to_string(first) + "-" + std::to_string(last);
}

// The positions of a file of `size` bytes that satisfy first <= position <=
// last, found one by one.
ByteRange scan(std::uint64_t size, std::uint64_t first, std::uint64_t last) {
  ByteRange range;
  for (std::uint64_t position = 0; position < size; ++position) {
    if (position >= first && position <= last) {
      range.offset = range.empty() ? position : range.offset;
      ++range.length;
    }
  }
  return range;
}

RangeAnswer expected(std::uint64_t size, std::uint64_t first,
                     std::uint64_t last) {
  if (last < first) {
    return {RangeVerdict::kWhole, {0, size}};
  }
  const ByteRange range = scan(size, first, last);
  return range.empty() ? RangeAnswer{RangeVerdict::kUnsatisfiable, {}}
                       : RangeAnswer{RangeVerdict::kPart, range};
}

TEST(AnswerRange, AgreesWithAScanForEveryFirstAndLastOfEverySmallSize) {
  for (std::uint64_t size = 0; size < 6; ++size) {
    for (std::uint64_t first = 0; first < 8; ++first) {
      for (std::uint64_t last = 0; last < 8; ++last) {
        EXPECT_EQ(answer_range(span_of(first, last), size),
                  expected(size, first, last))
            << size << ": " << first << "-" << last;
      }
    }
  }
}

TEST(AnswerRange, ReadsAnOpenEndAsTheLastByte) {
  for (std::uint64_t size = 0; size < 6; ++size) {
    for (std::uint64_t first = 0; first < 8; ++first) {
      EXPECT_EQ(answer_range("bytes=" + std::to_string(first) + "-", size),
                expected(size, first, 100));
    }
  }
}

TEST(AnswerRange, CountsASuffixFromTheEnd) {
  EXPECT_EQ(answer_range("bytes=-2", 5),
            (RangeAnswer{RangeVerdict::kPart, {3, 2}}));
  EXPECT_EQ(answer_range("bytes=-9", 5),
            (RangeAnswer{RangeVerdict::kPart, {0, 5}}));
  EXPECT_EQ(answer_range("bytes=-0", 5).verdict, RangeVerdict::kUnsatisfiable);
  EXPECT_EQ(answer_range("bytes=-2", 0).verdict, RangeVerdict::kUnsatisfiable);
}

TEST(AnswerRange, IgnoresWhatItCannotRead) {
  for (const char* header : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=1",
                             "bytes=0-1,3-4", "lines=0-1", "bytes= 0-1"}) {
    EXPECT_EQ(answer_range(header, 5),
              (RangeAnswer{RangeVerdict::kWhole, {0, 5}}))
        << header;
  }
}

TEST(AnswerRange, SaturatesNumbersBeyond64Bits) {
  EXPECT_EQ(answer_range("bytes=2-99999999999999999999999", 5),
            (RangeAnswer{RangeVerdict::kPart, {2, 3}}));
}

ServedObject object() { return {content_of("0123456789"), "\"v1\"", 0}; }

Response answer(const std::string& headers) {
  const auto request =
      parse_http_request("GET /o HTTP/1.1\r\nHost: here\r\n" + headers);
  return object_response(*request, object());
}

TEST(ObjectResponse, HonoursConditions) {
  EXPECT_EQ(answer("").status, 200);
  EXPECT_EQ(answer("If-Match: \"v1\"").status, 200);
  EXPECT_EQ(answer("If-Match: *").status, 200);
  EXPECT_EQ(answer("If-Match: \"v0\", \"v1\"").status, 200);
  EXPECT_EQ(answer("If-Match: \"v2\"").status, 412);
  EXPECT_EQ(answer("If-Match: W/\"v1\"").status, 412);
  EXPECT_EQ(answer("If-None-Match: \"v1\"").status, 304);
  EXPECT_EQ(answer("If-None-Match: \"v2\"").status, 200);
}

TEST(ObjectResponse, AppliesARangeOnlyWhileIfRangeHolds) {
  const std::string range = "Range: bytes=2-3\r\n";
  EXPECT_EQ(answer(range + "If-Range: \"v1\"").status, 206);
  EXPECT_EQ(answer(range + "If-Range: Thu, 01 Jan 1970 00:00:00 GMT").status,
            206);
  EXPECT_EQ(answer(range + "If-Range: \"v2\"").status, 200);
}

TEST(Body, EverySliceOfTwoPiecesHoldsTheBytesInOrder) {
  const Body body = join(body_of(content_of("abc")), body_of(content_of("de")));
  ASSERT_EQ(size_of(body), 5U);
  for (std::uint64_t offset = 0; offset < 7; ++offset) {
    for (std::uint64_t length = 0; length < 7; ++length) {
      std::string text;
      for (const BodyPiece& piece : slice(body, {offset, length})) {
        const auto& part = std::get<TextPiece>(piece);
        text += part.text->substr(part.range.offset, part.range.length);
      }
      const std::string whole = "abcde";
      EXPECT_EQ(text, offset < 5 ? whole.substr(offset, length) : "");
    }
  }
}

}  // namespace
}  // namespace omicsfs
