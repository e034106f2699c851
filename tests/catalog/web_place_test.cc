// SPDX-License-Identifier: MIT
#include "catalog/web_place.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(WebPlace, IsHttpWithAHost) {
  for (const char* place : {"http://h", "https://h/a?b#c", "HTTPS://H:80/"}) {
    EXPECT_TRUE(is_web_place(place)) << place;
  }
  for (const char* place :
       {"", "http://", "http:///a", "http://?a", "http://@h", "https:/h",
        "ftp://h/a", "file:///etc/passwd", "/a", "http://h/a b", "http://h/\n",
        "http://h/\x7F", "redirect:https://h/a", "httpx://h"}) {
    EXPECT_FALSE(is_web_place(place)) << place;
  }
}

// A token goes to the server that this names, so it must be the one that a
// client connects to (RFC 3986 3.2).
TEST(WebServer, IsTheOneThatAClientConnectsTo) {
  const std::pair<const char*, const char*> servers[] = {
      {"https://good", "https://good"},
      {"https://good/a", "https://good"},
      {"HTTPS://GOOD:443/a", "https://good"},
      {"http://good:80", "http://good"},
      {"https://good:80", "https://good:80"},
      {"http://good:443", "http://good:443"},
      {"https://good:444/", "https://good:444"},
      {"https://good.evil/", "https://good.evil"},
      {"https://user:password@good/a", "https://good"},
      {"https://good@evil/", "https://evil"},
      {"https://a@b@evil/", "https://evil"},
      {"https://good:x@evil/", "https://evil"},
      {"https://evil?@good", "https://evil"},
      {"https://evil#@good", "https://evil"},
      {"https://evil/@good", "https://evil"},
      {"https://evil?a/b@good:443", "https://evil"},
      {"https://evil#a?b@good", "https://evil"},
      {"https://evil/a?b@good", "https://evil"}};
  for (const auto& [url, server] : servers) {
    EXPECT_EQ(web_server(url), server) << url;
  }
}

TEST(WebPlace, AUrlIsOneOfTheWebOrOfAPublicBucket) {
  const std::pair<const char*, const char*> urls[] = {
      {"https://h/a", "https://h/a"},
      {"s3://bucket/a b/c", "https://bucket.s3.amazonaws.com/a%20b/c"},
      {"S3://b-1/k?x", "https://b-1.s3.amazonaws.com/k%3Fx"},
      {"s3://a.b/k", "https://s3.amazonaws.com/a.b/k"},
      {"gs://bucket/k", "https://storage.googleapis.com/bucket/k"},
      {"s3://bucket/", "https://bucket.s3.amazonaws.com/"}};
  for (const auto& [url, expected] : urls) {
    const auto found = web_url(url);
    ASSERT_TRUE(found) << url;
    EXPECT_EQ(*found, expected);
  }
  for (const char* url :
       {"", "a/b", "/etc/passwd", "file:///etc/passwd", "ftp://h/a",
        "redirect:https://h/", "resolve:https://h/#x", "s3://", "s3:///k",
        "s3://bucket", "s3://evil.example:80/k", "s3://u@h/k", "data:,x"}) {
    EXPECT_FALSE(web_url(url)) << url;
  }
}

TEST(WebPlace, AnErrorSaysWhatIsWrongWithAUrl) {
  const std::pair<const char*, const char*> urls[] = {
      {"http://h/a b", "\"http://h/a b\" has a blank"},
      {"https://h/a\nb", "has a blank or a control character"},
      {"HTTP://h/ a?sig=secret", "\"HTTP://h/ a\" has a blank"},
      {"http://u:secret@h/a b", "\"http://h/a b\" has a blank"},
      {"https://h/a?x=a b", "has a blank"},
      {"http:///a", "names no server"},
      {"ftp://h/a", "is no url of http, https, s3 or gs"},
      {"", "is no url of http, https, s3 or gs"}};
  for (const auto& [url, expected] : urls) {
    const auto found = web_url(url);
    ASSERT_FALSE(found) << url;
    EXPECT_NE(found.error().message.find(expected), std::string::npos)
        << found.error().message;
    EXPECT_EQ(found.error().message.find("secret"), std::string::npos);
  }
}

TEST(WebPlace, ABucketIsAFolderOfTheEndpointThatIsSet) {
  const Endpoints own{"http://127.0.0.1:9000/store/", ""};
  const std::pair<const char*, const char*> urls[] = {
      {"s3://bucket/a b/c", "http://127.0.0.1:9000/store/bucket/a%20b/c"},
      {"s3://a.b/k", "http://127.0.0.1:9000/store/a.b/k"},
      {"gs://bucket/k", "https://storage.googleapis.com/bucket/k"},
      {"https://h/a", "https://h/a"}};
  for (const auto& [url, expected] : urls) {
    EXPECT_EQ(*web_url(url, own), expected);
  }
  EXPECT_FALSE(web_url("s3://../k/..", {"http://h/", ""}));
  EXPECT_FALSE(web_url("s3://bucket", own));
}

TEST(WebPlace, ASchemeIsLettersBeforeAColon) {
  for (const char* text : {"a:", "file:/x", "c:\\x", "svn+ssh://h"}) {
    EXPECT_TRUE(has_scheme(text)) << text;
  }
  for (const char* text : {"", ":", "a/b:c", "1:x", "a b:c", "path"}) {
    EXPECT_FALSE(has_scheme(text)) << text;
  }
}

TEST(WebPlace, TheFolderEndsInASlash) {
  const std::pair<const char*, const char*> folders[] = {
      {"https://h/a/b.json?x=/y", "https://h/a/"},
      {"https://h/a/", "https://h/a/"},
      {"https://h", "https://h/"},
      {"https://h?x", "https://h/"},
      {"/a/b.json", "/a/"},
      {"/a/b?c/d", "/a/b?c/"},
      {"/b", "/"}};
  for (const auto& [place, folder] : folders) {
    EXPECT_EQ(folder_of(place), folder) << place;
  }
}

TEST(WebPlace, NamesAndValuesAreDecoded) {
  EXPECT_EQ(url_name("https://h/a/b%20c?d=/e"), "b c");
  EXPECT_EQ(url_name("https://h/a/"), "");
  EXPECT_EQ(url_name("https://h"), "");
  EXPECT_EQ(url_name("https://h/%zz"), "%zz");
  EXPECT_EQ(url_path("https://u:p@h:80/a/b%2Fc?d"), "h:80/a/b/c");
  EXPECT_EQ(query_value("https://h/?a=1&prefix=x%2Fy+z", "prefix"), "x/y z");
  EXPECT_EQ(query_value("https://h/?aprefix=1", "prefix"), std::nullopt);
  EXPECT_EQ(query_value("https://h/#?prefix=1", "x"), std::nullopt);
  EXPECT_EQ(query_value("https://h/", "prefix"), std::nullopt);
}

}  // namespace
}  // namespace omicsfs
