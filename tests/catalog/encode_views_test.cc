// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_views.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace omicsfs {
namespace {

TEST(EncodeTermNames, ThousandsOfValuesOfOnePlainNameCostTwoTriesEach) {
  EncodeTermNames names;
  std::set<std::string> chosen;
  constexpr std::uint64_t kValues = 1000;
  for (std::uint64_t i = 0; i < kValues; ++i) {
    // Blanks and slashes become one underscore, however many there are.
    std::string bits = "a";
    for (unsigned bit = 0; bit < 10; ++bit) {
      bits += (i >> bit & 1U) != 0 ? ' ' : '/';
    }
    chosen.insert(names.name(EncodeField::kTarget, bits + "z"));
  }
  EXPECT_EQ(chosen.size(), kValues);
  EXPECT_LE(names.tries(), 2 * kValues);
}

TEST(EncodeTermNames, AValueKeepsItsNameAndFieldsDoNotShareTheirs) {
  EncodeTermNames names;
  EXPECT_EQ(names.name(EncodeField::kTarget, "a b"), "a_b");
  EXPECT_EQ(names.name(EncodeField::kTarget, "a/b"), "a_b~2");
  EXPECT_EQ(names.name(EncodeField::kTarget, "a//b"), "a_b~3");
  EXPECT_EQ(names.name(EncodeField::kTarget, "a b"), "a_b");
  EXPECT_EQ(names.name(EncodeField::kBiosample, "a/b"), "a_b");
}

}  // namespace
}  // namespace omicsfs
