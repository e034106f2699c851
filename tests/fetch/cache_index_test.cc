// SPDX-License-Identifier: MIT
#include "fetch/cache_index.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catalog/sqlite.h"
#include "fetch/cached_file.h"
#include "fetch/counters.h"
#include "fetch/index_connection.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

std::unique_ptr<CacheIndex> open_index_in(const TemporaryDirectory& dir) {
  auto index = CacheIndex::open(dir.path());
  EXPECT_TRUE(index) << (index ? "" : index.error().message);
  return index ? *std::move(index) : nullptr;
}

// Asks for `bytes` to write to a file of which there is nothing yet.
Result<std::uint64_t> ask(CacheIndex& index, const std::string& key,
                          std::uint64_t bytes, std::uint64_t limit) {
  return index.charge({key, 10, 1}, {0, bytes}, {limit, 0});
}

// Makes a file that takes some room on disk, and enters it.
void store_file(CacheIndex& index, const TemporaryDirectory& dir,
                const std::string& key, std::uint64_t used_at = 1) {
  const CachePaths paths = cache_paths(dir.path(), key);
  std::filesystem::create_directories(paths.data.parent_path());
  std::ofstream(paths.data) << std::string(5000, 'x');
  ASSERT_TRUE(index.charge({key, 5000, used_at}, {}, {}));
}

TEST(CacheIndex, GrantsUpToTheLimitAndTellsByHowMuchMoreWouldPassIt) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  EXPECT_EQ(*ask(*index, "a", 60, 100), 0U);
  EXPECT_EQ(*ask(*index, "b", 40, 100), 0U);
  EXPECT_EQ(*ask(*index, "c", 7, 100), 7U);
  EXPECT_EQ(index->totals()->charged, 100U);
  EXPECT_EQ(index->totals()->files, 2U);
  // A limit that was lowered below the use.
  EXPECT_EQ(*ask(*index, "c", 7, 50), 57U);
  EXPECT_EQ(*index->lacking({50, 0}), 50U);
}

TEST(IndexPool, ATransactionThatWasLeftOpenKeepsNobodyOut) {
  const TemporaryDirectory dir;
  ASSERT_NE(open_index_in(dir), nullptr);
  IndexPool pool(dir.path() / "v1");
  {
    auto lease = pool.lease();
    ASSERT_TRUE(lease);
    ASSERT_TRUE((*lease)->database.execute("BEGIN IMMEDIATE"));
    ASSERT_TRUE((*lease)->database.execute("UPDATE sums SET hot = 77"));
  }
  auto other = open_index(dir.path() / "v1");
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->database.execute("BEGIN IMMEDIATE; ROLLBACK"));
  EXPECT_EQ(*other->database.query_integer("SELECT hot FROM sums"), 0);
}

TEST(CacheIndex, WhatIsReturnedCanBeGrantedAgainInOneStep) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  ASSERT_EQ(*ask(*index, "a", 100, 100), 0U);
  EXPECT_EQ(*index->charge({"a", 10, 1}, {30, 30}, {100, 0}), 0U);
  EXPECT_EQ(*index->charge({"a", 10, 1}, {30, 31}, {100, 0}), 1U);
  EXPECT_EQ(index->totals()->charged, 70U);  // returned all the same
  ASSERT_TRUE(index->charge({"a", 10, 1}, {70, 0}, {100, 0}));
  EXPECT_EQ(index->totals()->files, 0U);
}

TEST(CacheIndex, GrantsLeaveFreeWhatTheDiskMustKeepFree) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
  EXPECT_GT(*index->charge({"a", 10, 1}, {0, 1}, {kHuge, kHuge}), kHuge / 2);
  EXPECT_EQ(*index->charge({"a", 10, 1}, {0, 1}, {kHuge, 0}), 0U);
  EXPECT_GT(*index->charge({"a", 10, 1}, {0, kHuge / 2}, {kHuge, 0}), 0U);
}

TEST(CacheIndex, AFileIsChargedWhatItTakesBesidesWhatMayBeWritten) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  store_file(*index, dir, "md5-a");
  EXPECT_EQ(index->shares()->on_disk, 8192U);
  ASSERT_EQ(*ask(*index, "md5-a", 60, 100000), 0U);
  EXPECT_EQ(index->totals()->charged, 8192U + 60);
  EXPECT_EQ(index->totals()->files, 1U);
}

TEST(CacheIndex, OneWhoClosesAFileLeavesTheOthersTheirGrants) {
  const TemporaryDirectory dir;
  const auto one = open_index_in(dir);
  const auto two = open_index_in(dir);
  ASSERT_EQ(*ask(*one, "md5-a", 1000, 100000), 0U);
  ASSERT_EQ(*ask(*two, "md5-a", 500, 100000), 0U);
  store_file(*one, dir, "md5-a");
  ASSERT_TRUE(one->charge({"md5-a", 10, 1}, {1000, 0}, {}));
  EXPECT_EQ(two->totals()->charged, 8192U + 500);
  ASSERT_TRUE(two->charge({"md5-a", 10, 1}, {500, 0}, {}));
  EXPECT_EQ(two->totals()->charged, 8192U);
}

TEST(CacheIndex, WhatTheDeadWereGrantedIsTakenBackAndNothingElse) {
  const TemporaryDirectory dir;
  const auto living = open_index_in(dir);
  ASSERT_EQ(*ask(*living, "md5-a", 10, 100000), 0U);
  {
    const auto dead = open_index_in(dir);
    ASSERT_EQ(*ask(*dead, "md5-a", 100, 100000), 0U);
    ASSERT_EQ(*ask(*dead, "md5-b", 1000, 100000), 0U);
    store_file(*dead, dir, "md5-b");
    ASSERT_TRUE(living->settle_for_the_dead());
    EXPECT_EQ(living->shares()->granted, 1110U);
  }
  const auto next = open_index_in(dir);
  ASSERT_TRUE(next->settle_for_the_dead());
  EXPECT_EQ(next->shares()->granted, 10U);
  EXPECT_EQ(next->shares()->on_disk, 8192U);
}

TEST(CacheIndex, AFileThatWasRemovedAndMadeAnewIsChargedAndNotTrusted) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  store_file(*index, dir, "md5-a");
  ASSERT_TRUE(index->set_verified("md5-a", 7));
  ASSERT_EQ(*ask(*index, "md5-a", 7, 100000), 0U);
  // Another process made it again between the removal and this call.
  ASSERT_TRUE(index->forget("md5-a"));
  EXPECT_EQ(*index->verified_stamp("md5-a"), 0U);
  EXPECT_EQ(index->totals()->charged, 8192U + 7);
  std::filesystem::remove(cache_paths(dir.path(), "md5-a").data);
  ASSERT_TRUE(index->forget("md5-a"));
  EXPECT_EQ(index->totals()->charged, 7U);
}

TEST(CacheIndex, ListsTheLeastRecentlyUsedFirstTheHotOnesApart) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  for (const char* key : {"md5-a", "md5-b", "md5-c", "md5-d", "md5-e"}) {
    store_file(*index, dir, key, 5);  // all of one time
  }
  ASSERT_TRUE(index->note_uses(
      {{"md5-a", {9, false}}, {"md5-c", {8, false}}, {"md5-e", {7, true}}}));
  std::string order;
  UseCursor after;
  for (int page = 0; page < 4; ++page) {
    const auto files = index->least_recent(Heat::kCold, after, 1);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 1U);
    order += files->front().key.back();
    after = {files->front().use.last_use, files->front().key};
  }
  EXPECT_EQ(order, "bdca");
  EXPECT_TRUE(index->least_recent(Heat::kCold, after, 1)->empty());
  EXPECT_EQ(index->least_recent(Heat::kHot, {}, 9)->front().key, "md5-e");
  EXPECT_EQ(index->shares()->hot, 8192U);
  EXPECT_EQ(*index->latest_use(), 9U);
}

TEST(CacheIndex, NeitherTimeNorHeatOfUseGoesBack) {
  const TemporaryDirectory dir;
  const auto index = open_index_in(dir);
  EXPECT_EQ(index->use_of("md5-a")->last_use, 0U);
  store_file(*index, dir, "md5-a", 5);
  EXPECT_EQ(index->use_of("md5-a")->last_use, 5U);
  ASSERT_TRUE(index->note_uses({{"md5-a", {9, true}}}));
  ASSERT_TRUE(index->note_uses({{"md5-a", {7, false}}}));
  EXPECT_EQ(index->use_of("md5-a")->last_use, 9U);
  EXPECT_TRUE(index->use_of("md5-a")->hot);
}

TEST(CacheIndex, VerifiedOutlivesTheSessionAndGoesWithTheFile) {
  const TemporaryDirectory dir;
  {
    const auto index = open_index_in(dir);
    ASSERT_TRUE(ask(*index, "a", 1, 100));
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
  EXPECT_EQ(index->least_recent(Heat::kCold, {}, 1)->front().key,
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

TEST(CacheIndex, OneOfAnotherVersionIsMadeAgainFromTheBlockMaps) {
  const TemporaryDirectory dir;
  cache_one_block(dir);
  {
    auto database = Database::open(dir.path() / "v1" / "index.sqlite",
                                   OpenMode::kReadWriteCreate);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(
        "CREATE TABLE files(key TEXT PRIMARY KEY, size INTEGER);"
        "INSERT INTO files VALUES('old', 1); PRAGMA user_version = 1"));
  }
  const auto index = open_index_in(dir);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->totals()->files, 1U);
  EXPECT_EQ(index->least_recent(Heat::kCold, {}, 1)->front().key,
            content_key(remote_of_two_blocks()));
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
        const auto passed = ask(index, "k" + std::to_string(t), 1, 100);
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
