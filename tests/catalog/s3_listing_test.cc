// SPDX-License-Identifier: MIT
#include "catalog/s3_listing.h"

#include <gtest/gtest.h>

#include <string>

#include "catalog/entry_name.h"
#include "tests/catalog/fake_web.h"

namespace omicsfs {
namespace {

std::string contents(const std::string& key, const std::string& size = "1") {
  return "<Contents><Key>" + key + "</Key><Size>" + size + "</Size></Contents>";
}

std::string page(const std::string& body, const std::string& token = "") {
  const std::string more =
      token.empty() ? "<IsTruncated>false</IsTruncated>"
                    : "<IsTruncated>true</IsTruncated><NextContinuationToken>" +
                          token + "</NextContinuationToken>";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
         more + body + "</ListBucketResult>";
}

TEST(S3Page, EveryFactOfAnObjectIsRead) {
  const auto parsed = parse_s3_page(
      page("<Contents><Key>a/b &amp; c</Key>"
           "<LastModified>2024-01-01T00:00:00.000Z</LastModified>"
           "<ETag>&quot;0f&quot;</ETag><Size>50206825799</Size></Contents>"
           "<CommonPrefixes><Prefix>a/d/</Prefix></CommonPrefixes>",
           "t&amp;=="));
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->objects.size(), 1U);
  EXPECT_EQ(parsed->objects[0].key, "a/b & c");
  EXPECT_EQ(parsed->objects[0].size, 50206825799U);
  EXPECT_EQ(parsed->objects[0].etag, "\"0f\"");
  EXPECT_EQ(parsed->objects[0].last_modified, "2024-01-01T00:00:00.000Z");
  EXPECT_EQ(parsed->common_prefixes, std::vector<std::string>{"a/d/"});
  EXPECT_TRUE(parsed->is_truncated);
  EXPECT_EQ(parsed->next_token, "t&==");
}

TEST(S3Page, KeysAreDecodedOnlyWhereThePageSaysSo) {
  const std::string keys = contents("a%2Bb+c%01");
  EXPECT_EQ(parse_s3_page(page(keys))->objects[0].key, "a%2Bb+c%01");
  const auto encoded =
      parse_s3_page(page("<EncodingType>url</EncodingType>" + keys));
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->objects[0].key, "a+b c\x01");
  EXPECT_FALSE(
      parse_s3_page(page("<EncodingType>rot13</EncodingType>" + keys)));
}

TEST(S3Page, AnErrorDocumentBecomesAnError) {
  const auto denied = parse_s3_page(
      "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(denied.error().message, "S3 says AccessDenied: not yours");
  const auto absent = parse_s3_page("<Error><Code>NoSuchBucket</Code></Error>");
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

TEST(S3Page, WhatIsNoListingIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("<html/>"), std::string("{}"),
        std::string("<ListBucketResult></ListBucketResult>"),
        std::string("<ListBucketResult><IsTruncated>true</IsTruncated>"
                    "</ListBucketResult>")}) {
    const auto parsed = parse_s3_page(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(S3Page, APageOfFewerKeysThanItSaysIsTorn) {
  const auto page = [](int count) {
    return "<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>" +
           std::to_string(count) +
           "</KeyCount><Contents><Key>a</Key><Size>1</Size></Contents>"
           "<Contents><Key>b</Key><Size>none</Size></Contents>"
           "<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>"
           "</ListBucketResult>";
  };
  for (const int count : {0, 2, 3}) {
    EXPECT_TRUE(parse_s3_page(page(count))) << count;
  }
  const auto torn = parse_s3_page(page(4));
  ASSERT_FALSE(torn);
  EXPECT_EQ(torn.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(torn.error().message.find("4 keys, and it has 3"),
            std::string::npos);
}

TEST(S3Page, ABadObjectIsLeftOutAlone) {
  for (const std::string& bad :
       {contents(""), contents("a", ""), contents("a", "-1"),
        contents("a", "-0"), contents("a", "1x"),
        contents("a", "9223372036854775808"),
        "<EncodingType>url</EncodingType>" + contents("%zz")}) {
    const auto parsed = parse_s3_page(page(bad + contents("good")));
    ASSERT_TRUE(parsed) << bad;
    ASSERT_EQ(parsed->objects.size(), 1U) << bad;
    EXPECT_EQ(parsed->objects[0].key, "good");
    EXPECT_EQ(parsed->faults.size(), 1U) << bad;
  }
}

TEST(S3Page, AKeyWithANulIsNoneThatATreeCanHold) {
  for (const std::string& nul : {std::string("&#0;"), std::string(1, '\0')}) {
    const auto parsed = parse_s3_page(page(contents("a" + nul + "b")));
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->objects.size(), 1U);
    EXPECT_NE(parsed->objects[0].key, "a");
    EXPECT_FALSE(check_entry_name(parsed->objects[0].key));
  }
}

TEST(S3Page, EveryPrefixOfAPageIsRefused) {
  const std::string whole = page(contents("a") + contents("b"), "t");
  ASSERT_TRUE(parse_s3_page(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_s3_page(whole.substr(0, length))) << length;
  }
}

TEST(S3Listing, AllPagesAreJoinedInOrder) {
  FakeWeb web;
  web.documents[s3_page_url("http://h/", "p/", "")] =
      page(contents("p/1") + contents("p/2"), "t+/=");
  web.documents[s3_page_url("http://h/", "p/", "t+/=")] = page("", "u");
  web.documents[s3_page_url("http://h/", "p/", "u")] = page(contents("p/3"));
  const auto objects = list_s3("http://h/", "p/", web.download());
  ASSERT_TRUE(objects) << objects.error().message;
  ASSERT_EQ(objects->size(), 3U);
  EXPECT_EQ(objects->back().key, "p/3");
  EXPECT_EQ(web.asked.size(), 3U);
  EXPECT_EQ(web.asked[1],
            "http://h/?list-type=2&encoding-type=url&prefix=p/"
            "&continuation-token=t%2B%2F%3D");
}

TEST(S3Listing, ATokenThatRepeatsIsAnError) {
  FakeWeb web;
  web.documents[s3_page_url("http://h/", "p/", "")] = page("", "a");
  web.documents[s3_page_url("http://h/", "p/", "a")] = page("", "b");
  web.documents[s3_page_url("http://h/", "p/", "b")] = page("", "a");
  const auto objects = list_s3("http://h/", "p/", web.download());
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(web.asked.size(), 3U);
}

TEST(S3Listing, AListingWithoutEndIsAnError) {
  std::size_t pages = 0;
  const Download endless = [&pages](const std::string&, std::uint64_t) {
    return Result<std::string>(page("", "token" + std::to_string(++pages)));
  };
  const auto objects = list_s3("http://h/", "p/", endless);
  ASSERT_FALSE(objects);
  EXPECT_EQ(objects.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(pages, kMaxS3Pages);
}

TEST(S3Listing, AKeyThatWasNotAskedForIsAnError) {
  FakeWeb web;
  web.documents[s3_page_url("http://h/", "p/", "")] = page(contents("q/1"));
  EXPECT_EQ(list_s3("http://h/", "p/", web.download()).error().code,
            ErrorCode::kInvalid);
}

TEST(S3Listing, AnErrorOfTheDownloadIsPassedOn) {
  FakeWeb web;
  EXPECT_EQ(list_s3("http://h/", "p/", web.download()).error().code,
            ErrorCode::kNotFound);
}

TEST(S3Listing, GoesOnByTheUrlOfAnyPage) {
  EXPECT_EQ(s3_next_url("https://b/", "a/+="),
            "https://b/?continuation-token=a%2F%2B%3D");
  EXPECT_EQ(
      s3_next_url("https://b/?list-type=2&continuation-token=x&prefix=a", "y"),
      "https://b/?list-type=2&prefix=a&continuation-token=y");
  EXPECT_EQ(s3_next_url("https://b/?&list-type=2&", "y"),
            "https://b/?list-type=2&continuation-token=y");
}

}  // namespace
}  // namespace omicsfs
