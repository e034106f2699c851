// SPDX-License-Identifier: MIT
#include "fetch/bucket_region.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(BucketRegion, OfEachFormOfAnEndpoint) {
  for (const auto& [url, there] : {
           std::pair{"https://b.s3.amazonaws.com/?list-type=2&prefix=",
                     "https://b.s3.eu-west-1.amazonaws.com/"
                     "?list-type=2&prefix="},
           std::pair{"https://s3.amazonaws.com/b/k",
                     "https://s3.eu-west-1.amazonaws.com/b/k"},
           std::pair{"https://b.s3.us-east-1.amazonaws.com/k",
                     "https://b.s3.eu-west-1.amazonaws.com/k"},
           std::pair{"https://s3.us-east-1.amazonaws.com/b/k",
                     "https://s3.eu-west-1.amazonaws.com/b/k"},
           std::pair{"https://b.s3-us-west-2.amazonaws.com/k",
                     "https://b.s3.eu-west-1.amazonaws.com/k"},
           std::pair{"http://a.b-c.S3.AmazonAWS.com:80/k",
                     "http://a.b-c.s3.eu-west-1.amazonaws.com:80/k"},
           std::pair{"https://s3.s3.amazonaws.com/k",
                     "https://s3.s3.eu-west-1.amazonaws.com/k"},
           std::pair{"https://b.s3.amazonaws.com",
                     "https://b.s3.eu-west-1.amazonaws.com"},
       }) {
    EXPECT_EQ(url_in_region(url, "eu-west-1"), there) << url;
  }
}

TEST(BucketRegion, OfAnythingElseThereIsNone) {
  for (const char* url :
       {"https://h/k", "https://s3.example.org/k", "http://127.0.0.1:80/",
        "https://ec2.us-east-1.amazonaws.com/k", "https://amazonaws.com/k",
        "https://s3.amazonaws.com.example.org/k",
        "https://b.s3.eu-west-1.amazonaws.com/k",
        "https://b.s3-eu-west-1.amazonaws.com/k",
        "https://s3.amazonaws.com@example.org/k",
        "https://u:p@b.s3.amazonaws.com/k"}) {
    EXPECT_EQ(url_in_region(url, "eu-west-1"), "") << url;
  }
}

TEST(BucketRegion, ARegionIsAName) {
  for (const char* region :
       {"", "x", "eu-west-1.example.org/", "EU-WEST-1", "eu west-1", "-a", "a-",
        "eu-west-1\r\n", "a-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(url_in_region("https://b.s3.amazonaws.com/k", region), "")
        << region;
  }
}

}  // namespace
}  // namespace omicsfs
