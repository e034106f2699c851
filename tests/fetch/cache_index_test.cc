// SPDX-License-Identifier: MIT
#include "fetch/cache_index.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fetch/cached_file.h"
#include "fetch/counters.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

std::unique_ptr<CacheIndex> open_index_in(const TemporaryDirectory& dir) {
  auto index = CacheIndex::open(dir.path());
  EXPECT_TRUE(index) << (index ? "" : index.error().message);
  return index ? *std::move(index) : nullptr;
}

TEST(CacheIndex, ChargesUpToTheLimitAndTellsByHowMuchMoreWouldPassIt) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  EXPECT_EQ(*index->charge("a", 10, 60, 100), 0U);
  EXPECT_EQ(*index->charge("b", 10, 40, 100), 0U);
  EXPECT_EQ(*index->charge("c", 10, 7, 100), 7U);
  EXPECT_EQ(index->totals()->charged, 100U);
  EXPECT_EQ(index->totals()->files, 2U);
  // A limit that was lowered below the use.
  EXPECT_EQ(*index->charge("c", 10, 7, 50), 57U);
}

TEST(CacheIndex, SettleReplacesTheChargeAndZeroForgets) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  ASSERT_TRUE(index->charge("a", 10, 60, 100));
  ASSERT_TRUE(index->settle("a", 10, 5));
  EXPECT_EQ(index->totals()->charged, 5U);
  ASSERT_TRUE(index->settle("a", 10, 0));
  EXPECT_EQ(index->totals()->files, 0U);
}

TEST(CacheIndex, ListsTheLeastRecentlyUsedFirst) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  for (const char* key : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(index->charge(key, 1, 1, 100));
  }
  ASSERT_TRUE(index->touch({"a", "c"}));
  std::string order;
  std::uint64_t after = 0;
  for (int page = 0; page < 4; ++page) {
    const auto files = index->least_recent(after, 1);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 1U);
    order += files->front().key;
    after = files->front().last_use;
  }
  EXPECT_EQ(order, "bdac");
  EXPECT_TRUE(index->least_recent(after, 1)->empty());
}

TEST(CacheIndex, VerifiedOutlivesTheSessionAndGoesWithTheFile) {
  const TemporaryDirectory dir;
  {
    const auto index = open_index_in(dir);
    ASSERT_TRUE(index->charge("a", 1, 1, 100));
    EXPECT_EQ(*index->verified_stamp("a"), 0U);
    ASSERT_TRUE(index->set_verified("a", UINT64_MAX - 1));
    EXPECT_EQ(index->totals()->verified, 1U);
  }
  const auto index = open_index_in(dir);
  EXPECT_EQ(*index->verified_stamp("a"), UINT64_MAX - 1);
  ASSERT_TRUE(index->forget("a"));
  EXPECT_EQ(*index->verified_stamp("a"), 0U);
}

TEST(CacheIndex, KeepsTheLastHundredReports) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  for (int i = 0; i < 105; ++i) {
    ASSERT_TRUE(index->report({i, "key", "message " + std::to_string(i)}));
  }
  const auto reports = index->reports();
  ASSERT_TRUE(reports);
  ASSERT_EQ(reports->size(), 100U);
  EXPECT_EQ(reports->front().time, 5);
  EXPECT_EQ(reports->back().message, "message 104");
}

RemoteFile remote_of_two_blocks() {
  return {{"http://origin/x"}, 2 * kBlockBytes, std::nullopt, "v1"};
}

void cache_one_block(const TemporaryDirectory& dir) {
  Counters counters;
  CachedFile file(remote_of_two_blocks(), dir.path(), counters);
  ASSERT_TRUE(file.create());
  const std::vector<std::byte> bytes(kBlockBytes, std::byte{7});
  const std::span<const std::byte> block(bytes);
  ASSERT_TRUE(file.store({1, 1}, {{block}}));
}

TEST(CacheIndex, LostItIsMadeAgainFromTheBlockMaps) {
  const TemporaryDirectory dir;
  cache_one_block(dir);
  const auto index = open_index_in(dir);
  const auto totals = index->totals();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->files, 1U);
  EXPECT_GE(totals->charged, kBlockBytes);
  EXPECT_LT(totals->charged, 2 * kBlockBytes);
  EXPECT_EQ(index->least_recent(0, 1)->front().key,
            content_key(remote_of_two_blocks()));
}

TEST(CacheIndex, DamagedItIsMadeAgainFromTheBlockMaps) {
  const TemporaryDirectory dir;
  { ASSERT_NE(open_index_in(dir), nullptr); }
  cache_one_block(dir);
  {
    std::ofstream index(dir.path() / "v1" / "index.sqlite",
                        std::ios::binary | std::ios::trunc);
    index << std::string(8192, 'x');
  }
  const auto index = open_index_in(dir);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->totals()->files, 1U);
}

TEST(CacheIndex, ADirectoryThatCannotBeMadeIsAnError) {
  const auto index = CacheIndex::open("/proc/omicsfs-cache");
  ASSERT_FALSE(index);
  EXPECT_NE(index.error().message.find("/proc/omicsfs-cache"),
            std::string::npos);
}

// Two processes are two indexes on one directory.
TEST(CacheIndex, ManyChargersOfTwoIndexesNeverPassTheLimit) {
  const TemporaryDirectory dir;
  const auto one = open_index_in(dir);
  const auto two = open_index_in(dir);
  std::vector<std::thread> threads;
  std::atomic<int> granted{0};
  std::atomic<int> failed{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      CacheIndex& index = t % 2 == 0 ? *one : *two;
      for (int i = 0; i < 25; ++i) {
        const auto passed = index.charge("k" + std::to_string(t), 1000, 1, 100);
        failed += passed ? 0 : 1;
        granted += passed && *passed == 0 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(granted, 100);
  EXPECT_EQ(one->totals()->charged, 100U);
}

}  // namespace
}  // namespace omicsfs
