// SPDX-License-Identifier: MIT
#include "fetch/response_head.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace omicsfs {
namespace {

ResponseHead read(std::initializer_list<const char*> lines) {
  HeadReader reader;
  for (const char* line : lines) {
    EXPECT_TRUE(reader.take(std::string(line) + "\r\n"));
  }
  return reader.head();
}

TEST(HeadReader, KeepsTheFieldsThatMeanSomething) {
  const auto head =
      read({"HTTP/1.1 206 Partial Content", "Content-Length: 10",
            "content-range:bytes 0-9/100", "CONTENT-ENCODING: identity",
            "Content-Type:  text/csv ", "ETag: \"x\"", "Server: s",
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: 3",
            "Link: </2>; rel=\"next\"", ""});
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.content_length, 10U);
  EXPECT_EQ(head.content_range, "bytes 0-9/100");
  EXPECT_EQ(head.content_encoding, "identity");
  EXPECT_EQ(head.content_type, "text/csv");
  EXPECT_EQ(head.retry_after, "3");
  EXPECT_EQ(head.link, "</2>; rel=\"next\"");
  EXPECT_EQ(head.validator.etag, "\"x\"");
  EXPECT_EQ(head.validator.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HeadReader, StatusIsReadInEachVersionOfHttp) {
  EXPECT_EQ(read({"HTTP/2 404 "}).status, 404);
  EXPECT_EQ(read({"HTTP/1.0 200"}).status, 200);
  EXPECT_EQ(read({"HTTP/1.1 xyz"}).status, 0);
  EXPECT_EQ(read({"HTTP/1.1"}).status, 0);
}

TEST(HeadReader, NothingOfAnEarlierResponseIsLeft) {
  const auto head = read({"HTTP/1.1 302 Found", "Content-Length: 5",
                          "ETag: \"old\"", "", "HTTP/1.1 200 OK", ""});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.content_length, std::nullopt);
  EXPECT_TRUE(head.validator.empty());
}

TEST(HeadReader, TrailersDoNotChangeTheHead) {
  const auto head = read({"HTTP/1.1 200 OK", "ETag: \"a\"", "", "ETag: \"b\"",
                          "Content-Range: bytes 0-0/1"});
  EXPECT_EQ(head.validator.etag, "\"a\"");
  EXPECT_EQ(head.content_range, "");
}

TEST(HeadReader, FieldThatComesTwiceIsNeverTakenForOne) {
  const auto head = read({"HTTP/1.1 206 P", "Content-Range: bytes 0-0/9",
                          "Content-Range: bytes 1-1/9", "Content-Length: 1",
                          "Content-Length: 2", ""});
  EXPECT_EQ(head.content_range, "bytes 0-0/9, bytes 1-1/9");
  EXPECT_EQ(head.content_length, std::nullopt);
}

TEST(HeadReader, LengthThatIsNoNumberIsNone) {
  for (const char* line :
       {"Content-Length: -1", "Content-Length: 1x",
        "Content-Length:", "Content-Length: 18446744073709551616"}) {
    EXPECT_EQ(read({"HTTP/1.1 200 OK", line, ""}).content_length, std::nullopt);
  }
}

TEST(HeadReader, LinesThatAreNoFieldsAreLeftOut) {
  const auto head = read({"HTTP/1.1 200 OK", "garbage", ": x", " folded: y"});
  EXPECT_EQ(head.status, 200);
}

TEST(HeadReader, HeadOverItsMostIsRefusedAndOneOfThatSizeIsNot) {
  const std::string status = "HTTP/1.1 200 OK\r\n";
  const std::string field = "X: " + std::string(1019, 'x') + "\r\n";
  HeadReader reader;
  ASSERT_TRUE(reader.take(status));
  for (int line = 0; line < 63; ++line) {
    ASSERT_TRUE(reader.take(field));
  }
  const std::size_t left = kMaxHeadBytes - status.size() - 63 * field.size();
  HeadReader over = reader;
  EXPECT_TRUE(reader.take(std::string(left, 'x')));
  EXPECT_FALSE(over.take(std::string(left + 1, 'x')));
}

TEST(HeadReader, EachResponseOfAChainMayHaveAWholeHead) {
  HeadReader reader;
  for (int response = 0; response < 5; ++response) {
    ASSERT_TRUE(reader.take("HTTP/1.1 302 Found\r\n"));
    ASSERT_TRUE(reader.take(std::string(40'000, 'x')));
    ASSERT_TRUE(reader.take("\r\n"));
  }
}

}  // namespace
}  // namespace omicsfs
