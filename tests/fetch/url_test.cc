// SPDX-License-Identifier: MIT
#include "fetch/url.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace omicsfs {
namespace {

TEST(Url, OnlyHttpAndHttpsWithAHostAreHttpUrls) {
  for (const char* url : {"http://h", "https://h/", "HTTPS://h:1/p?q#f",
                          "http://u:p@h/x", "http://[::1]:8/"}) {
    EXPECT_TRUE(is_http_url(url)) << url;
  }
  for (const char* url :
       {"", "h", "http:", "http://", "http:///p", "https://?q", "http://u@/p",
        "ftp://h/", "file:///etc/passwd", "xhttp://h", "/p", "://h",
        "http://h/a b", "http://h/\r\nX: y", "http://h/\x7f", "http:/h/p"}) {
    EXPECT_FALSE(is_http_url(url)) << url;
  }
}

TEST(Url, PrintableFormHidesUserQueryAndFragment) {
  EXPECT_EQ(printable_url("https://u:secret@h:1/a/b?X-Sig=secret#secret"),
            "https://h:1/a/b");
  EXPECT_EQ(printable_url("http://h?secret"), "http://h");
  EXPECT_EQ(printable_url("http://h/p@q/r"), "http://h/p@q/r");
  EXPECT_EQ(printable_url("http://a@secret@h/p"), "http://h/p");
  EXPECT_EQ(printable_url(""), "");
}

TEST(Url, ServerIsSchemeHostAndPortWhateverTheCase) {
  EXPECT_EQ(server_of("HTTP://U:P@Host:80/Path"), "http://host:80");
  EXPECT_EQ(server_of("https://host"), "https://host");
  EXPECT_NE(server_of("http://host/"), server_of("https://host/"));
}

// RFC 3986 5.4, but for what is no url of ours.
TEST(Url, AReferenceMeansWhatTheRfcSays) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"g:h", "g:h"},
      {"http:g", "http:g"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"a:1", "a:1"},
      {"./a:1", "http://a/b/c/a:1"},
      {"1a:1", "http://a/b/c/1a:1"},
  };
  for (const auto& [reference, meaning] : cases) {
    EXPECT_EQ(resolved_reference("http://a/b/c/d;p?q", reference), meaning)
        << reference;
  }
}

TEST(Url, AReferenceStandsOnWhateverBase) {
  EXPECT_EQ(resolved_reference("https://h", "x"), "https://h/x");
  EXPECT_EQ(resolved_reference("https://h?q", "x"), "https://h/x");
  EXPECT_EQ(resolved_reference("https://h?q#f", "?z"), "https://h?z");
  EXPECT_EQ(resolved_reference("https://h:1/a", "//i:2/b?c"),
            "https://i:2/b?c");
  EXPECT_EQ(resolved_reference("https://u:p@h/a/b?c", "/d//e/"),
            "https://u:p@h/d//e/");
}

TEST(Url, DescriptionNamesTheFirstAndTheLastByte) {
  EXPECT_EQ(describe_get("http://h/p?q", ByteRange{0, 65536}),
            "GET http://h/p bytes=0-65535");
  EXPECT_EQ(describe_get("http://h/p", std::nullopt), "GET http://h/p");
}

}  // namespace
}  // namespace omicsfs
