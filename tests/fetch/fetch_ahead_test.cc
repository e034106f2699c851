// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/fetch/cache_world.h"

namespace omicsfs {
namespace {

constexpr char kFileUrl[] = "http://origin/file";
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class FetchAhead : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 24 * kMiB + 321;

  // How often each block was asked for.
  static std::map<BlockIndex, int> asked(FakeTransport& network) {
    std::map<BlockIndex, int> times;
    for (const auto& entry : network.log()) {
      const BlockRun run = blocks_of(*entry.range);
      for (BlockIndex b = run.first; b < run.end(); ++b) {
        ++times[b];
      }
    }
    return times;
  }
  [[nodiscard]] int wrong_reads(ByteSource& source, std::uint64_t step) const {
    int wrong = 0;
    for (std::uint64_t at = 0; at < kSize; at += step) {
      const ByteRange range = clip({at, step}, kSize);
      const auto outcome = read_range(source, range);
      wrong += outcome.bytes == bytes_.substr(at, range.length) ? 0 : 1;
    }
    return wrong;
  }

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(kSize, 1);
  const RemoteFile remote_ = remote_of(kFileUrl, bytes_);
};

TEST_F(FetchAhead, AReaderInOrderGetsEachBlockByOneRequestOfLongOnes) {
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  const CacheReader reader(world.cache().open(remote_));
  EXPECT_EQ(wrong_reads(*world.cache().open(remote_), 128 * 1024), 0);
  for (const auto& [block, times] : asked(world.network())) {
    ASSERT_EQ(times, 1) << block;
  }
  // Of 193 reads, few had to ask themselves.
  EXPECT_LT(world.network().requests(), 120U);
}

TEST_F(FetchAhead, WithNoRoomOnDiskNothingIsFetchedThatNobodyAskedFor) {
  CacheWorld world(dir_.path(), {0, 0});
  world.network().add(kFileUrl, bytes_);
  const auto source = world.cache().open(without_digest(remote_));
  const CacheReader reader(source);
  for (std::uint64_t at = 0; at < 4 * kMiB; at += 128 * 1024) {
    ASSERT_FALSE(read_range(*source, {at, 128 * 1024}).error);
  }
  EXPECT_EQ(asked(world.network()).size(), 4 * kMiB / kBlockBytes);
}

TEST_F(FetchAhead, WithNoMemoryNothingIsFetchedThatNobodyAskedFor) {
  CacheWorld world(dir_.path(), {CacheWorld::kPlenty, 0}, 0, {1, 16});
  world.network().add(kFileUrl, bytes_);
  const auto source = world.cache().open(remote_);
  const CacheReader reader(source);
  source->fetch_ahead({0, kSize});
  for (std::uint64_t at = 0; at < 4 * kMiB; at += 128 * 1024) {
    ASSERT_FALSE(read_range(*source, {at, 128 * 1024}).error);
  }
  EXPECT_EQ(asked(world.network()).size(), 4 * kMiB / kBlockBytes);
}

TEST_F(FetchAhead, WhatIsAskedForAheadComesInOneGoAndStays) {
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  const auto source = world.cache().open(remote_);
  source->fetch_ahead({0, kSize});
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->file().complete());
  const std::size_t requests = world.network().requests();
  EXPECT_EQ(requests, 4U);
  source->fetch_ahead({0, kSize});
  EXPECT_EQ(read_all(*source).bytes, bytes_);
  EXPECT_EQ(world.network().requests(), requests);
}

TEST_F(FetchAhead, NothingIsAskedForOnceTheTransportIsToBeDestroyed) {
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  const auto source = world.cache().open(remote_);
  world.cache().end_unpacking();
  source->fetch_ahead({0, kSize});
  world.cache().wait_until_idle();
  EXPECT_EQ(world.network().requests(), 0U);
}

TEST_F(FetchAhead, AReaderJoinsWhatIsUnderWay) {
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  world.network().hold(kFileUrl);
  const auto source = world.cache().open(remote_);
  const CacheReader other(source);
  source->fetch_ahead({0, kSize});
  world.network().wait_for_requests(1);
  std::thread reader([&] {
    EXPECT_EQ(read_range(*source, {5 * kMiB, 100}).bytes,
              bytes_.substr(5 * kMiB, 100));
  });
  world.network().release(kFileUrl);
  reader.join();
  world.cache().wait_until_idle();
  EXPECT_EQ(world.network().requests(), 4U);
}

TEST_F(FetchAhead, TheLastToCloseCancelsWhatNobodyWaitsFor) {
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  world.network().hold(kFileUrl);
  const auto source = world.cache().open(remote_);
  {
    const CacheReader one(source);
    {
      const CacheReader two(source);
      source->fetch_ahead({0, kSize});
      world.network().wait_for_requests(1);
    }
    EXPECT_EQ(source->file().present_bytes(), 0U);
  }
  world.cache().wait_until_idle();  // though the network still holds them
  EXPECT_EQ(source->file().present_bytes(), 0U);
  world.network().release(kFileUrl);
  EXPECT_EQ(read_range(*source, {0, 10}).bytes, bytes_.substr(0, 10));
}

TEST_F(FetchAhead, TheHeadOfAZipBringsItsTail) {
  std::string zip = bytes_;
  zip.replace(0, 4, "PK\3\4");
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, zip);
  const auto source = world.cache().open(remote_of(kFileUrl, zip));
  const CacheReader reader(source);
  ASSERT_FALSE(read_range(*source, {0, 4096}).error);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->file().present(source->file().blocks() - 1));
  EXPECT_LE(source->file().present_bytes(), 4 * kBlockBytes);
}

// With no byte of a file to be written, as on a disk that fails.
class NoWrites {
 public:
  NoWrites() {
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    rlimit none = limit_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoWrites() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  NoWrites(const NoWrites&) = delete;
  NoWrites& operator=(const NoWrites&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

TEST_F(FetchAhead, ADamagedBlockThatCannotBeMarkedSoIsFetchedOnce) {
  {
    CacheWorld world(dir_.path());
    world.network().add(kFileUrl, bytes_);
    ASSERT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  }
  const auto path = cache_paths(dir_.path(), content_key(remote_)).data;
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(3 * kBlockBytes)
      .put(static_cast<char>(bytes_[3 * kBlockBytes] ^ 1));
  CacheWorld world(dir_.path());
  world.network().add(kFileUrl, bytes_);
  const auto source = world.cache().open(remote_);
  const NoWrites no_writes;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read_range(*source, {2 * kBlockBytes, 3 * kBlockBytes}).bytes,
              bytes_.substr(2 * kBlockBytes, 3 * kBlockBytes));
    world.cache().wait_until_idle();
  }
  EXPECT_GE(world.network().requests(), 1U);
  EXPECT_LE(world.network().requests(), 3U);
}

}  // namespace
}  // namespace omicsfs
