// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "catalog/sqlite.h"
#include "tests/fetch/cache_world.h"

// Whoever opens, reads or closes a file waits for its bytes and for nothing
// else: not for the index, and so not for the storer, which waits for it.

namespace omicsfs {
namespace {

const std::string kBigUrl = "http://origin/big";
const std::string kSmallUrl = "http://origin/small";
const std::string kKeptUrl = "http://origin/kept";

class IndexLock : public ::testing::Test {
 protected:
  // So patient with locks that whoever waits for one is seen to.
  std::unique_ptr<CacheWorld> new_world(
      std::chrono::milliseconds patience = std::chrono::hours(1)) {
    CacheLimits limits{CacheWorld::kPlenty, 0};
    limits.index_patience = patience;
    auto world = std::make_unique<CacheWorld>(dir_.path(), limits);
    world->network().add(kBigUrl, big_);
    world->network().add(kSmallUrl, small_);
    world->network().add(kKeptUrl, kept_);
    return world;
  }
  void lock() {
    auto database = Database::open(dir_.path() / "v1" / "index.sqlite",
                                   OpenMode::kReadWriteCreate);
    ASSERT_TRUE(database);
    lock_.emplace(*std::move(database));
    ASSERT_TRUE(lock_->execute("BEGIN IMMEDIATE"));
  }
  void unlock() {
    ASSERT_TRUE(lock_->execute("ROLLBACK"));
    lock_.reset();
  }

  // Runs `work` while the index is locked; false where it waits for that.
  bool is_done_under_lock(const std::function<void()>& work) {
    lock();
    auto done = std::async(std::launch::async, work);
    const bool in_time =
        done.wait_for(std::chrono::minutes(4)) == std::future_status::ready;
    unlock();
    done.get();
    return in_time;
  }

  TemporaryDirectory dir_;
  std::optional<Database> lock_;
  const std::string big_ = random_bytes(24 << 20, 1);
  const std::string small_ = random_bytes(20 * kBlockBytes, 2);
  const std::string kept_ = random_bytes(20 * kBlockBytes, 3);
};

TEST_F(IndexLock, AnIndexThatIsLockedAtTheMountIsUsedOnceItIsFree) {
  for (const bool is_new : {true, false}) {
    if (is_new) {
      std::filesystem::create_directories(dir_.path() / "v1");
    }
    lock();
    auto world = new_world(std::chrono::milliseconds(0));
    EXPECT_EQ(world->cache().why_uncached(), "");
    const RemoteFile small = remote_of(kSmallUrl, small_);
    EXPECT_EQ(read_all(*world->cache().open(small)).bytes, small_);
    world->cache().wait_until_idle();
    EXPECT_EQ(world->cache().state(small).cached_bytes, 0U);
    unlock();
    EXPECT_EQ(read_all(*world->cache().open(small)).bytes, small_);
    world->cache().wait_until_idle();
    EXPECT_EQ(world->cache().state(small).cached_bytes, small_.size());
    EXPECT_TRUE(world->cache().state(small).verified);
    world.reset();
    std::filesystem::remove_all(dir_.path() / "v1" / "files");
  }
}

TEST_F(IndexLock, TheEndOfACacheWaitsForNoLockForLong) {
  auto world = new_world();
  static_cast<void>(read_all(*world->cache().open(remote_of(kBigUrl, big_))));
  EXPECT_TRUE(is_done_under_lock([&] {
    static_cast<void>(
        read_all(*world->cache().open(remote_of(kSmallUrl, small_))));
    world.reset();
  }));
}

TEST_F(IndexLock, NoReaderOfAStreamWaitsForRoomToFetchAhead) {
  const auto world = new_world();
  EXPECT_TRUE(is_done_under_lock([&] {
    const auto source =
        world->cache().open(without_digest(remote_of(kBigUrl, big_)));
    const CacheReader reader(source);
    for (std::uint64_t at = 0; at < big_.size(); at += 1 << 20) {
      ASSERT_EQ(read_range(*source, {at, 1 << 20}).bytes,
                big_.substr(at, 1 << 20));
    }
  }));
}

TEST_F(IndexLock, WhatWaitsForRoomAsTheLastReaderClosesIsNotFetched) {
  const auto world = new_world();
  const auto source =
      world->cache().open(without_digest(remote_of(kBigUrl, big_)));
  lock();
  {
    const CacheReader reader(source);
    source->fetch_ahead({0, 1 << 20});
    source->fetch_ahead({8 << 20, 1 << 20});
  }
  unlock();
  world->cache().wait_until_idle();
  EXPECT_LE(world->network().requests(), 1U) << "the first may be under way";
}

TEST_F(IndexLock, TheDigestOfASmallFileIsCheckedBeforeItIsOnDisk) {
  const auto world = new_world();
  std::shared_ptr<CachedSource> source;
  EXPECT_TRUE(is_done_under_lock([&] {
    source = world->cache().open(remote_of(kSmallUrl, small_));
    ASSERT_EQ(read_all(*source).bytes, small_);
    EXPECT_TRUE(source->verified());
    EXPECT_FALSE(source->file().complete());
  }));
  world->cache().wait_until_idle();
  EXPECT_TRUE(source->file().complete());
  EXPECT_EQ(read_all(*source).bytes, small_);
  EXPECT_EQ(world->network().requests(), 1U);
}

TEST_F(IndexLock, AWrongDigestIsFoundBeforeTheFileIsOnDisk) {
  const auto world = new_world();
  std::string wrong = small_;
  wrong[100] ^= 1;
  world->network().add(kSmallUrl, wrong);
  EXPECT_TRUE(is_done_under_lock([&] {
    const auto source = world->cache().open(remote_of(kSmallUrl, small_));
    // In two requests: no flight carries all of it.
    ASSERT_FALSE(read_range(*source, {0, 10 * kBlockBytes}).error);
    const auto rest = read_range(*source, {10 * kBlockBytes, 10 * kBlockBytes});
    ASSERT_TRUE(rest.error);
    EXPECT_EQ(rest.error->code, ErrorCode::kCorrupt);
  }));
}

TEST_F(IndexLock, WhatIsCachedIsOpenedReadAndClosed) {
  const RemoteFile remote = remote_of(kKeptUrl, kept_);
  {
    const auto world = new_world();
    ASSERT_EQ(read_all(*world->cache().open(remote)).bytes, kept_);
    world->cache().wait_until_idle();
  }
  const auto world = new_world();
  world->cache().wait_until_idle();
  EXPECT_TRUE(is_done_under_lock([&] {
    for (int i = 0; i < 10; ++i) {
      const auto source = world->cache().open(remote);
      const CacheReader reader(source);
      EXPECT_TRUE(source->verified());
      EXPECT_EQ(read_all(*source).bytes, kept_);
      EXPECT_TRUE(world->cache().state(remote).verified);
    }
  }));
  EXPECT_EQ(world->network().requests(), 0U);
}

TEST_F(IndexLock, AFlightThatFailedIsJoinedByNobodyThoughItIsNotYetStored) {
  const auto world = new_world();
  world->network().fail_nth(1, {FakeFault::What::kReset, kBlockBytes});
  EXPECT_TRUE(is_done_under_lock([&] {
    const auto source =
        world->cache().open(without_digest(remote_of(kSmallUrl, small_)));
    ASSERT_TRUE(read_range(*source, {0, 4 * kBlockBytes}).error);
    EXPECT_EQ(read_range(*source, {0, 4 * kBlockBytes}).bytes,
              small_.substr(0, 4 * kBlockBytes));
  }));
}

}  // namespace
}  // namespace omicsfs
