// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>

#include "fetch/block_cache.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/fake_transport.h"

// What a cached file makes of services that are busy or that have ended: the
// test holds them.

namespace omicsfs {
namespace {

class HeldServices : public ::testing::Test {
 protected:
  // More than is checked before a reply.
  static constexpr std::uint64_t kSize =
      CachedSource::kCheckBeforeReply + kBlockBytes;
  static constexpr std::uint64_t kMemory = std::uint64_t{64} << 20;
  static constexpr std::uint64_t kMostWaiting = std::uint64_t{1} << 20;

  HeldServices() {
    network_->add(remote_.urls.front(), bytes_);
    services_.dir = dir_.path();
    services_.index = index_.get();
    services_.space = &space_;
    services_.housekeeper = housekeeper_.get();
    services_.checker = checker_.get();
    services_.fetcher = &fetcher_;
    services_.counters = &counters_;
    services_.kept = &kept_;
    services_.on_failure = [](const std::string&, const Error&) {};
    services_.on_unkept = [](const std::string&, const Error&) {};
    services_.budget = &budget_;
    services_.buffers = &buffers_;
    services_.storer = storer_.get();
    services_.backlog = &backlog_;
    services_.prefetcher = prefetcher_.get();
    services_.after_close = [](const std::function<void()>& tell) { tell(); };
    source_ = std::make_shared<CachedSource>(remote_, services_, nullptr);
    source_->attach();
  }
  ~HeldServices() override {
    prefetcher_.reset();
    network_.reset();
    storer_.reset();
    checker_.reset();
    housekeeper_.reset();
  }

  // Until what was asked for is on disk, or will not be.
  void wait_until_stored() {
    prefetcher_->wait_until_idle();
    storer_->wait_until_idle();
  }
  // More waits for the disk than may, from now on, and no more.
  void fill_backlog() { backlog_.add(kMostWaiting + 1); }
  void empty_backlog() { backlog_.drop(kMostWaiting + 1); }
  [[nodiscard]] bool reads_right(ByteRange range) {
    return read_range(*source_, range).bytes ==
           bytes_.substr(range.offset, range.length);
  }

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(kSize, 1);
  const RemoteFile remote_ = remote_of("http://origin/f", bytes_);
  std::unique_ptr<FakeTransport> network_ = std::make_unique<FakeTransport>();
  Mirrors mirrors_;
  Counters counters_;
  RangeFetcher fetcher_{*network_, mirrors_, {}, counters_, 1};
  const std::unique_ptr<CacheIndex> index_ =
      *CacheIndex::open(dir_.path(), CacheLimits().index_patience);
  KeptOpen kept_{dir_.path(), 8};
  CacheSpace space_{
      dir_.path(), {CacheWorld::kPlenty, 0}, *index_, counters_, [] {
        return OpenSpaces();
      }};
  FetchBudget budget_{kMemory, kMemory};
  BlockBuffers buffers_{kMemory};
  StoreBacklog backlog_{kMostWaiting};
  CacheServices services_;
  std::unique_ptr<Worker> housekeeper_ =
      std::make_unique<Worker>(Worker::Options{Worker::AtEnd::kDrop});
  std::unique_ptr<Worker> checker_ =
      std::make_unique<Worker>(Worker::Options{Worker::AtEnd::kDrop});
  std::unique_ptr<Worker> storer_ = std::make_unique<Worker>(Worker::Options{});
  std::unique_ptr<Worker> prefetcher_ =
      std::make_unique<Worker>(Worker::Options{Worker::AtEnd::kDrop});
  std::shared_ptr<CachedSource> source_;
};

TEST_F(HeldServices, ACheckThatWasDroppedLeavesTheFileToTheNextOne) {
  Worker ended(Worker::Options{Worker::AtEnd::kDrop});
  ended.end();
  services_.checker = &ended;
  ASSERT_TRUE(reads_right({0, kSize}));
  wait_until_stored();
  ASSERT_TRUE(source_->file().complete());
  EXPECT_FALSE(source_->verified());
  services_.checker = checker_.get();
  ASSERT_TRUE(reads_right({0, 1}));
  checker_->wait_until_idle();
  EXPECT_TRUE(source_->verified());
}

TEST_F(HeldServices, AFileIsCheckedOnceHoweverManyReadsAskForIt) {
  std::promise<void> turn;
  checker_->add([&turn](const std::stop_token&) { turn.get_future().wait(); });
  ASSERT_TRUE(reads_right({0, kSize}));
  wait_until_stored();
  for (int time = 0; time < 3; ++time) {
    ASSERT_TRUE(reads_right({0, 1}));
  }
  turn.set_value();
  checker_->wait_until_idle();
  EXPECT_TRUE(source_->verified());
  EXPECT_EQ(counters_.files_verified, 1U);
}

TEST_F(HeldServices, AFullBacklogKeepsNothingOfWhatIsRead) {
  fill_backlog();
  ASSERT_TRUE(reads_right({0, kBlockBytes}));
  wait_until_stored();
  EXPECT_FALSE(source_->file().present(0));
  EXPECT_GE(counters_.reads_uncached, 1U);
  // Another block: whoever reads the first again may still join its flight.
  empty_backlog();
  ASSERT_TRUE(reads_right({10 * kBlockBytes, kBlockBytes}));
  wait_until_stored();
  EXPECT_TRUE(source_->file().present(10));
}

// The file has been granted room for all of it.
TEST_F(HeldServices, AFullBacklogFetchesNothingAheadIntoRoomThatIsHeld) {
  ASSERT_TRUE(reads_right({0, 1}));
  wait_until_stored();
  const ByteRange last{kSize - kBlockBytes, kBlockBytes};
  ASSERT_FALSE(source_->has(last));
  const std::size_t before = network_->requests();
  fill_backlog();
  source_->fetch_ahead(last);
  wait_until_stored();
  EXPECT_EQ(network_->requests(), before);
  empty_backlog();
  source_->fetch_ahead(last);
  wait_until_stored();
  EXPECT_EQ(network_->requests(), before + 1);
  EXPECT_TRUE(source_->has(last));
}

TEST_F(HeldServices, ABacklogThatFillsUpWhileRoomIsAwaitedFetchesNothingAhead) {
  std::promise<void> turn;
  prefetcher_->add(
      [&turn](const std::stop_token&) { turn.get_future().wait(); });
  source_->fetch_ahead({0, kBlockBytes});
  fill_backlog();
  turn.set_value();
  wait_until_stored();
  EXPECT_EQ(network_->requests(), 0U);
  empty_backlog();
  source_->fetch_ahead({0, kBlockBytes});
  wait_until_stored();
  EXPECT_EQ(network_->requests(), 1U);
}

}  // namespace
}  // namespace omicsfs
