// SPDX-License-Identifier: MIT
#include "fetch/redirect.h"

#include <gtest/gtest.h>

#include <set>

namespace omicsfs {
namespace {

TEST(RedirectTarget, IsAStatusThatNamesAPlace) {
  const std::set<int> redirects = {301, 302, 303, 307, 308};
  for (int status = 0; status <= 699; ++status) {
    ResponseHead head;
    head.status = status;
    EXPECT_FALSE(is_redirect(head)) << status;
    head.location = "/x";
    EXPECT_EQ(is_redirect(head), redirects.contains(status)) << status;
  }
}

TEST(RedirectTarget, OfABucketElsewhereIsItsRegion) {
  for (int status = 0; status <= 699; ++status) {
    ResponseHead head;
    head.status = status;
    head.bucket_region = "eu-west-1";
    EXPECT_EQ(is_redirect(head), status == 301 || status == 307) << status;
  }
  ResponseHead head;
  head.status = 301;
  head.bucket_region = "eu-west-1";
  EXPECT_EQ(*redirect_target("https://b.s3.amazonaws.com/k?q", head),
            "https://b.s3.eu-west-1.amazonaws.com/k?q");
  const auto refused = redirect_target("https://h/k", head);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  head.location = "https://elsewhere/k";
  EXPECT_EQ(*redirect_target("https://b.s3.amazonaws.com/k", head),
            "https://elsewhere/k");
}

TEST(RedirectTarget, LeadsWhereItSays) {
  EXPECT_EQ(*redirect_target("https://h/a/b?c", "https://s3/k?Signature=a%2Bb"),
            "https://s3/k?Signature=a%2Bb");
  EXPECT_EQ(*redirect_target("https://h/a/b?c", "/d"), "https://h/d");
  EXPECT_EQ(*redirect_target("http://h/a/b", "https://h/a/b#f"),
            "https://h/a/b");
  EXPECT_EQ(*redirect_target("http://h/a", "/b c"), "http://h/b%20c");
  EXPECT_EQ(*redirect_target("http://h/a", "HTTP://H2/b"), "HTTP://H2/b");
}

TEST(RedirectTarget, IsRefusedWhereItLeavesHttpOrTurnsBackFromHttps) {
  for (const char* location :
       {"file:///etc/passwd", "ftp://h/x", "gopher://h/", "data:,x", "http:x",
        "https:///x", "//", "http://h/\tx"}) {
    for (const char* from : {"http://h/a", "https://h/a"}) {
      const auto target = redirect_target(from, location);
      ASSERT_FALSE(target) << location;
      EXPECT_EQ(target.error().code, ErrorCode::kInvalid);
      EXPECT_TRUE(target.error().message.starts_with("refused a redirect"));
    }
  }
  EXPECT_TRUE(redirect_target("http://h/a", "http://h/b"));
  EXPECT_FALSE(redirect_target("https://h/a", "http://h/b"));
  EXPECT_FALSE(redirect_target("HTTPS://h/a", "Http://h/b"));
}

}  // namespace
}  // namespace omicsfs
