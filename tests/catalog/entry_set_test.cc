// SPDX-License-Identifier: MIT
#include "catalog/entry_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>

namespace omicsfs {
namespace {

TEST(EntrySet, HasNothingAtFirst) {
  const EntrySet set;
  EXPECT_FALSE(set.contains(1, ""));
  EXPECT_FALSE(set.contains(1, "a"));
  EXPECT_EQ(set.size(), 0U);
}

TEST(EntrySet, ANameIsTakenInItsDirectoryAlone) {
  EntrySet set;
  EXPECT_TRUE(set.insert(1, "a"));
  EXPECT_FALSE(set.insert(1, "a"));
  EXPECT_TRUE(set.insert(2, "a"));
  EXPECT_TRUE(set.insert(1, "A"));
  EXPECT_TRUE(set.insert(1, std::string_view("a\0", 2)));
  EXPECT_TRUE(set.contains(2, "a"));
  EXPECT_FALSE(set.contains(3, "a"));
  EXPECT_FALSE(set.contains(2, "A"));
  EXPECT_EQ(set.size(), 4U);
}

TEST(EntrySet, AnswersAsASetDoesWhileItGrows) {
  std::mt19937_64 random(7);
  EntrySet set;
  std::set<std::pair<std::int64_t, std::string>> truth;
  for (int round = 0; round < 50'000; ++round) {
    const auto parent = static_cast<std::int64_t>(random() % 50);
    const std::string name = std::to_string(random() % 1500);
    EXPECT_EQ(set.contains(parent, name), truth.contains({parent, name}));
    EXPECT_EQ(set.insert(parent, name), truth.emplace(parent, name).second);
  }
  EXPECT_EQ(set.size(), truth.size());
  EXPECT_GT(truth.size(), 30'000U);
}

}  // namespace
}  // namespace omicsfs
