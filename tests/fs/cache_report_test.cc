// SPDX-License-Identifier: MIT
#include "fs/cache_report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "catalog/json_fields.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

CacheState example() {
  CacheState state;
  state.settings = {"/c/\"quoted\"", 20'000'000'000, 2'000'000'000};
  state.disk_free = 5'000'000'000;
  state.totals = {12, 5'000'000'000, 3};
  state.reports = {{1'748'649'600, "md5-0-1", "the digest disagrees"}};
  return state;
}

TEST(CacheReport, IsReadableAsText) {
  EXPECT_EQ(cache_state_text(example()),
            "directory  /c/\"quoted\"\n"
            "limit      20.0 GB\n"
            "used       5.0 GB (25.0% of the limit)\n"
            "disk free  5.0 GB (2.0 GB are kept free)\n"
            "files      12 (3 complete and verified)\n"
            "reports    1\n"
            "  2025-05-31 00:00 UTC  md5-0-1  the digest disagrees\n");
}

TEST(CacheReport, IsValidJson) {
  const auto json = JsonValue::parse(cache_state_json(example()));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(*json->at("dir")->as_string(), "/c/\"quoted\"");
  EXPECT_EQ(*json->at("limit")->as_size(), 20'000'000'000U);
  EXPECT_EQ(*json->at("keep_free")->as_size(), 2'000'000'000U);
  EXPECT_EQ(*json->at("used")->as_size(), 5'000'000'000U);
  EXPECT_EQ(*json->at("disk_free")->as_size(), 5'000'000'000U);
  EXPECT_EQ(*json->at("files")->as_size(), 12U);
  EXPECT_EQ(*json->at("verified")->as_size(), 3U);
  const auto reports = json->at("reports")->elements();
  ASSERT_TRUE(reports);
  ASSERT_EQ(reports->size(), 1U);
  EXPECT_EQ(*(*reports)[0].at("time")->as_string(), "2025-05-31T00:00:00Z");
  EXPECT_EQ(*(*reports)[0].at("key")->as_string(), "md5-0-1");
}

class CacheDirectory : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_;
  std::filesystem::path dir_ = temporary_.path();
};

TEST_F(CacheDirectory, ThatIsNotThereIsEmptyAndStaysAway) {
  const auto state = read_cache_state({dir_ / "a" / "b", 10, 5});
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->totals.files, 0U);
  EXPECT_GT(state->disk_free, 0U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "a"));
}

TEST_F(CacheDirectory, IsCountedFromItsIndex) {
  const auto index = CacheIndex::open(dir_);
  ASSERT_TRUE(index) << index.error().message;
  ASSERT_TRUE(
      (*index)->charge({"md5-a-100", 100, 1}, {0, 100}, {1'000'000, 0}));
  ASSERT_TRUE((*index)->charge({"md5-b-200", 200, 1}, {0, 50}, {1'000'000, 0}));
  ASSERT_TRUE((*index)->set_verified("md5-a-100", 1ULL << 63));
  ASSERT_TRUE((*index)->report({5, "md5-b-200", "bad"}));
  const auto state = read_cache_state({dir_, 1000, 0});
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->totals.files, 2U);
  EXPECT_EQ(state->totals.charged, 150U);
  EXPECT_EQ(state->totals.verified, 1U);
  ASSERT_EQ(state->reports.size(), 1U);
  EXPECT_EQ(state->reports[0].message, "bad");
}

}  // namespace
}  // namespace omicsfs
