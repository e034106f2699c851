// SPDX-License-Identifier: MIT
#include "catalog/url_identity.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(ObjectUrl, LosesTheParametersOfASignatureAlone) {
  const std::string signature =
      "X-Amz-Credential=a%2Fb&x-amz-security-token=t&X-Amz-Signature=s";
  EXPECT_EQ(object_url("https://h/x?" + signature), "https://h/x");
  EXPECT_EQ(object_url("https://h/x?a=1&" + signature + "&b"),
            "https://h/x?a=1&b");
  EXPECT_EQ(object_url("token:hub:https://h/x?" + signature),
            "token:hub:https://h/x");
  EXPECT_EQ(object_url("resolve:https://h/x?" + signature + "#a.b"),
            "resolve:https://h/x#a.b");
}

TEST(ObjectUrl, AParameterIsNoSignatureWithoutTheOthers) {
  for (const std::string url :
       {"https://h/x", "https://h/x?", "https://h/x?&&",
        "https://h/x?Expires=1", "https://h/x?Signature=1&Expires=2",
        "https://h/x?sp=human&se=1&sr=2", "https://h/x?sig=1",
        "https://h/x?q-ak=1", "https://h/x?X-Amz-Date=1",
        "https://h/x?AWSAccessKeyId=1", "https://h/x#?sv=1&sig=2"}) {
    EXPECT_EQ(object_url(url), url);
  }
}

TEST(Publisher, IsTheServerOrTheBucketOfASharedOne) {
  EXPECT_EQ(publisher_of("https://u:p@H:443/a/b"), "https://h");
  EXPECT_EQ(publisher_of("redirect:http://h:81/a"), "http://h:81");
  EXPECT_EQ(publisher_of("https://good.s3.amazonaws.com/a/b"),
            "https://good.s3.amazonaws.com");
  for (const std::string host :
       {"s3.amazonaws.com", "s3.us-west-2.amazonaws.com",
        "s3-eu-west-1.amazonaws.com", "storage.googleapis.com"}) {
    EXPECT_EQ(publisher_of("https://" + host + "/bucket/a/b"),
              "https://" + host + "/bucket");
    EXPECT_EQ(publisher_of("https://" + host + "/%62ucket/a/b"),
              "https://" + host + "/bucket");
    EXPECT_EQ(publisher_of("https://" + host), "https://" + host);
  }
  EXPECT_EQ(publisher_of("https://huggingface.co/datasets/o/d/resolve/m/x"),
            "https://huggingface.co/datasets/o");
  EXPECT_EQ(publisher_of("https://s3.evil.org/a/b"), "https://s3.evil.org");
  for (const std::string path : {"/good/../evil/x", "/./x", "/good/%2e%2e"}) {
    const std::string url = "https://s3.amazonaws.com" + path;
    EXPECT_EQ(publisher_of(url), url);
  }
}

TEST(Publisher, OfSeveralUrlsIsEachOnceInOneOrder) {
  const std::vector<std::string> both{"https://a", "https://b"};
  EXPECT_EQ(publishers_of({"https://b/1", "https://a/1", "https://b/2"}), both);
  EXPECT_TRUE(publishers_of({}).empty());
}

}  // namespace
}  // namespace omicsfs
