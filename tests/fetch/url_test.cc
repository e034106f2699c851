// SPDX-License-Identifier: MIT
#include "fetch/url.h"

#include <gtest/gtest.h>

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

TEST(Url, DescriptionNamesTheFirstAndTheLastByte) {
  EXPECT_EQ(describe_get("http://h/p?q", ByteRange{0, 65536}),
            "GET http://h/p bytes=0-65535");
  EXPECT_EQ(describe_get("http://h/p", std::nullopt), "GET http://h/p");
}

}  // namespace
}  // namespace omicsfs
