// SPDX-License-Identifier: MIT
#include "catalog/rfc3339.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(Rfc3339, DatesWithTheirZones) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2013-03-23T16:46:18.670068+00:00"), 1364057178);
  EXPECT_EQ(parse_rfc3339("2013-03-23T16:46:18-07:30"), 1364057178 + 27000);
  EXPECT_EQ(parse_rfc3339("2013-03-23T16:46:18+01:00"), 1364057178 - 3600);
  for (const char* bad :
       {"", "2013", "2013-02-30T00:00:00Z", "2013-03-23T24:00:00Z",
        "2013-03-23 16:46:18Z", "2013-03-23T16:46:18", "2013-03-23T16:46:18.5",
        "2013-03-23T16:46:18+1:00", "2013-03-2xT16:46:18Z"}) {
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace omicsfs
