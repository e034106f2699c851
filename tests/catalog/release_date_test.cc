// SPDX-License-Identifier: MIT
#include "catalog/release_date.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(ReleaseDate, IsTheDaysUtcMidnight) {
  EXPECT_EQ(release_date("19700101"), 0);
  EXPECT_EQ(release_date("20240229"), 1709164800);
  EXPECT_EQ(release_date("20250531"), 1748649600);
}

TEST(ReleaseDate, AnythingElseIsNoDate) {
  for (const char* text : {"", "2024", "20240230", "20241301", "20240001",
                           "2024010a", "202401010", "-0240101"}) {
    EXPECT_FALSE(release_date(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace omicsfs
