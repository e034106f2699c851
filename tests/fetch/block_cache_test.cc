// SPDX-License-Identifier: MIT
#include "fetch/block_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/fetch/cache_world.h"
#include "tests/fetch/disk_use.h"
#include "tests/fetch/small_disk.h"

namespace omicsfs {
namespace {

const std::string kUrl = "http://origin/file";

// Every file size around block borders, every subset of its blocks present,
// every range between interesting offsets: the right bytes, and exactly the
// missing blocks asked for, in the fewest requests.
class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t size)
      : bytes_(random_bytes(size, size)),
        blocks_(block_count(size)),
        remote_(without_digest(remote_of(kUrl, bytes_))) {}

  void read_every_range(unsigned present) {
    for (const std::uint64_t from : offsets()) {
      for (const std::uint64_t to : offsets()) {
        if (from < to) {
          check({from, to - from}, present);
        }
      }
    }
  }
  [[nodiscard]] unsigned subsets() const { return 1U << blocks_; }

 private:
  [[nodiscard]] std::set<std::uint64_t> offsets() const {
    std::set<std::uint64_t> all{0, bytes_.size()};
    for (std::uint64_t border = kBlockBytes; border < bytes_.size();
         border += kBlockBytes) {
      all.insert({border - 1, border, border + 1});
    }
    return all;
  }

  void check(ByteRange range, unsigned present) {
    if (range.end() > bytes_.size()) {
      return;
    }
    const TemporaryDirectory dir;
    CacheWorld world(dir.path());
    world.network().add(kUrl, bytes_);
    const auto source = world.cache().open(remote_);
    for (BlockIndex block = 0; block < blocks_; ++block) {
      if ((present >> block & 1U) != 0) {
        const ByteRange one = bytes_of({block, 1}, bytes_.size());
        ASSERT_EQ(read_range(*source, one).bytes,
                  bytes_.substr(one.offset, one.length));
      }
    }
    const std::size_t before = world.network().requests();
    const ReadOutcome outcome = read_range(*source, range);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    ASSERT_EQ(outcome.bytes, bytes_.substr(range.offset, range.length));
    const auto missing = missing_runs(
        blocks_of(range), {CachedSource::kMaxRunBlocks, 0}, [&](BlockIndex b) {
          return (present >> b & 1U) != 0 ? BlockState::kPresent
                                          : BlockState::kMissing;
        });
    const auto log = world.network().log();
    ASSERT_EQ(log.size() - before, missing.size());
    for (std::size_t i = 0; i < missing.size(); ++i) {
      ASSERT_EQ(log[before + i].range, bytes_of(missing[i], bytes_.size()));
    }
  }

  std::string bytes_;
  std::uint64_t blocks_;
  RemoteFile remote_;
};

TEST(BlockCache, EveryRangeOfEverySmallFileReadsRightWithTheFewestRequests) {
  for (const std::uint64_t size :
       {std::uint64_t{1}, kBlockBytes - 1, kBlockBytes, kBlockBytes + 1,
        2 * kBlockBytes, 3 * kBlockBytes - 7}) {
#if defined(__SANITIZE_THREAD__)
    if (size > 2 * kBlockBytes) {
      continue;  // thousands of caches, each with threads: minutes
    }
#endif
    SmallWorld world(size);
    for (unsigned present = 0; present < world.subsets(); ++present) {
      world.read_every_range(present);
    }
  }
}

class BlockCacheTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 20 * kBlockBytes + 123;

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(kSize, 1);
  const RemoteFile remote_ = remote_of(kUrl, bytes_);

  [[nodiscard]] CachePaths paths() const {
    return cache_paths(dir_.path(), content_key(remote_));
  }
  void fill() const {
    CacheWorld world(dir_.path());
    world.network().add(kUrl, bytes_);
    ASSERT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  }
  void flip(const std::filesystem::path& path, std::uint64_t at) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
    ASSERT_TRUE(file.good());
  }
};

TEST_F(BlockCacheTest, ReadsOfRandomRangesByManyThreadsAreRight) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  const auto source = world.cache().open(remote_);
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (unsigned seed = 0; seed < 8; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937_64 engine(seed);
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t offset = engine() % kSize;
        const ByteRange range =
            clip({offset, 1 + engine() % (3 * kBlockBytes)}, kSize);
        const auto outcome = read_range(*source, range);
        wrong +=
            outcome.bytes == bytes_.substr(range.offset, range.length) ? 0 : 1;
      }
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  std::uint64_t fetched = 0;
  for (const auto& entry : world.network().log()) {
    fetched += entry.range->length;
  }
  EXPECT_LE(fetched, kSize);
}

TEST_F(BlockCacheTest, FilesThatWereClosedAreForgottenAsOthersAreOpened) {
  constexpr int kOpens = 3000;
  CacheWorld world(dir_.path());
  for (int i = 0; i < kOpens; ++i) {
    RemoteFile remote = without_digest(remote_);
    remote.urls = {kUrl + std::to_string(i)};
    static_cast<void>(world.cache().open(remote));
    ASSERT_LE(world.cache().remembered(), 200U);
  }
}

TEST_F(BlockCacheTest, ANewSignatureFetchesNothingAgain) {
  const auto signed_url = [](const std::string& signature) {
    return kUrl + "?v=1&X-Amz-Credential=me&X-Amz-Signature=" + signature;
  };
  RemoteFile remote = without_digest(remote_);
  remote.urls = {signed_url("old")};
  {
    CacheWorld world(dir_.path());
    world.network().add(signed_url("old"), bytes_);
    ASSERT_EQ(read_all(*world.cache().open(remote)).bytes, bytes_);
  }
  CacheWorld world(dir_.path());
  remote.urls = {signed_url("new")};
  EXPECT_EQ(read_all(*world.cache().open(remote)).bytes, bytes_);
  EXPECT_EQ(world.network().requests(), 0U);
  remote.urls = {kUrl + "?v=2&X-Amz-Credential=me&X-Amz-Signature=new"};
  world.network().add(remote.urls.front(), random_bytes(kSize, 9));
  EXPECT_NE(read_all(*world.cache().open(remote)).bytes, bytes_);
}

TEST_F(BlockCacheTest, AFileThatIsOpenIsAskedForByTheNewestSignature) {
  const auto signed_url = [](const std::string& signature) {
    return kUrl + "?sv=1&se=2&sig=" + signature;
  };
  RemoteFile remote = without_digest(remote_);
  remote.urls = {signed_url("old")};
  CacheWorld world(dir_.path());
  world.network().add(signed_url("old"), bytes_);
  const auto source = world.cache().open(remote);
  ASSERT_FALSE(read_range(*source, {0, 1}).error);
  world.network().remove(signed_url("old"));
  world.network().add(signed_url("new"), bytes_);
  remote.urls = {signed_url("new")};
  EXPECT_EQ(world.cache().open(remote), source);
  EXPECT_EQ(read_all(*source).bytes, bytes_);
}

TEST_F(BlockCacheTest, TwoSignaturesOfAnObjectThatChangedAreNotMixed) {
  const auto signed_url = [](const std::string& signature) {
    return kUrl + "?sv=1&se=2&sig=" + signature;
  };
  RemoteFile remote = without_digest(remote_);
  remote.urls = {signed_url("old")};
  {
    CacheWorld world(dir_.path());
    world.network().add(signed_url("old"), bytes_);
    ASSERT_FALSE(read_range(*world.cache().open(remote), {0, 1}).error);
  }
  CacheWorld world(dir_.path());
  remote.urls = {signed_url("new")};
  world.network().add(remote.urls.front(), random_bytes(kSize, 9), "\"v2\"");
  const auto outcome = read_all(*world.cache().open(remote));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
}

TEST_F(BlockCacheTest, TenReadersOfOneMissingBlockSendOneRequest) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  world.network().hold(kUrl);
  const auto source = world.cache().open(remote_);
  std::vector<std::thread> readers;
  std::atomic<int> right{0};
  for (std::uint64_t i = 0; i < 10; ++i) {
    readers.emplace_back([&, i] {
      const auto outcome = read_range(*source, {kBlockBytes + i * 10, 100});
      right += outcome.bytes == bytes_.substr(kBlockBytes + i * 10, 100);
    });
  }
  world.network().wait_for_requests(1);
  world.network().release(kUrl);
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(right, 10);
  EXPECT_EQ(world.network().requests(), 1U);
}

TEST_F(BlockCacheTest, ARunIsAtMostEightMebibytes) {
  const std::string big = random_bytes(20 << 20, 2);
  CacheWorld world(dir_.path());
  world.network().add(kUrl, big);
  const auto source = world.cache().open(remote_of(kUrl, big));
  EXPECT_EQ(read_all(*source).bytes, big);
  const auto log = world.network().log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[0].range, (ByteRange{0, 8 << 20}));
  EXPECT_EQ(log[2].range, (ByteRange{16 << 20, 4 << 20}));
}

TEST_F(BlockCacheTest, ARestartReadsWhatIsCachedWithNoRequest) {
  fill();
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(remote_);
  EXPECT_EQ(read_all(*source).bytes, bytes_);
  EXPECT_TRUE(source->verified());
  EXPECT_EQ(world.network().requests(), 0U);
}

TEST_F(BlockCacheTest, ARestartFetchesOnlyWhatIsMissing) {
  {
    CacheWorld world(dir_.path());
    world.network().add(kUrl, bytes_);
    const auto source = world.cache().open(remote_);
    ASSERT_FALSE(read_range(*source, {5 * kBlockBytes, 1}).error);
  }
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  const auto log = world.network().log();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].range, (ByteRange{0, 5 * kBlockBytes}));
  EXPECT_EQ(log[1].range->offset, 6 * kBlockBytes);
}

TEST_F(BlockCacheTest, TwoProcessesShareTheirBlocks) {
  CacheWorld one(dir_.path());
  CacheWorld two(dir_.path());
  one.network().add(kUrl, bytes_);
  two.network().add(kUrl, bytes_);
  const auto of_one = one.cache().open(remote_);
  const auto of_two = two.cache().open(remote_);
  ASSERT_FALSE(read_range(*of_two, {0, 1}).error);
  ASSERT_FALSE(read_range(*of_one, {2 * kBlockBytes, kBlockBytes}).error);
  // A read does not wait for the disk.
  two.cache().wait_until_idle();
  one.cache().wait_until_idle();
  EXPECT_EQ(read_range(*of_two, {2 * kBlockBytes, kBlockBytes}).bytes,
            bytes_.substr(2 * kBlockBytes, kBlockBytes));
  EXPECT_EQ(two.network().requests(), 1U);
}

TEST_F(BlockCacheTest, FilesOfOneContentAreOneCachedFile) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  ASSERT_FALSE(read_all(*world.cache().open(remote_)).error);
  RemoteFile elsewhere = remote_;
  elsewhere.urls = {"http://origin/other-path"};
  EXPECT_EQ(read_all(*world.cache().open(elsewhere)).bytes, bytes_);
  EXPECT_EQ(world.network().requests(), 1U);
}

TEST_F(BlockCacheTest, AFlippedByteOnDiskIsFetchedAgainAndNeverRead) {
  fill();
  flip(paths().data, 7 * kBlockBytes + 99);
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  const auto log = world.network().log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].range, (ByteRange{7 * kBlockBytes, kBlockBytes}));
  EXPECT_EQ(world.counters().blocks_damaged, 1U);
}

TEST_F(BlockCacheTest, AnyByteFlippedInTheMapCostsAtMostARefetch) {
  fill();
  for (const std::uint64_t at :
       {0U, 9U, 20U, 40U, 4096U, 4100U, 4096U + 8 * 20, 4096U + 8 * 20 + 7}) {
    flip(paths().map, at);
    CacheWorld world(dir_.path());
    world.network().add(kUrl, bytes_);
    EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_) << at;
    EXPECT_GE(world.network().requests(), 1U) << at;
  }
}

TEST_F(BlockCacheTest, TruncatedCacheFilesAreFetchedAgain) {
  fill();
  std::filesystem::resize_file(paths().data, 3 * kBlockBytes);
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  EXPECT_GE(world.network().requests(), 1U);
}

TEST_F(BlockCacheTest, FilesTruncatedUnderAnOpenSourceAreFetchedAgain) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  const auto source = world.cache().open(remote_);
  ASSERT_FALSE(read_all(*source).error);
  world.cache().wait_until_idle();  // no read waits for the disk
  std::filesystem::resize_file(paths().data, kBlockBytes + 5);
  std::filesystem::resize_file(paths().map, 100);
  EXPECT_EQ(read_all(*source).bytes, bytes_);
}

TEST_F(BlockCacheTest, AWrongDigestFailsTheReadThatCompletesTheFile) {
  CacheWorld world(dir_.path());
  std::string wrong = bytes_;
  wrong[wrong.size() / 2] ^= 1;
  world.network().add(kUrl, wrong);
  const auto source = world.cache().open(remote_);
  const auto outcome = read_all(*source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
  ASSERT_TRUE(read_range(*source, {0, 1}).error);
  world.cache().wait_until_idle();
  EXPECT_FALSE(std::filesystem::exists(paths().data));
  EXPECT_FALSE(std::filesystem::exists(paths().map));
  ASSERT_EQ(world.reports().size(), 1U);
  EXPECT_NE(world.reports().front().message.find("digest"), std::string::npos);
  EXPECT_TRUE(world.cache().was_dropped(content_key(remote_)));
  EXPECT_EQ(
      CacheIndex::open(dir_.path()).operator->()->get()->reports()->size(), 1U);
}

TEST_F(BlockCacheTest, AWrongDigestIsFoundAlsoWhereNothingCanBeKept) {
  CacheWorld world(dir_.path(), {kBlockBytes / 2, 0});
  std::string wrong = bytes_;
  wrong[5] ^= 1;
  world.network().add(kUrl, wrong, "\"bad\"");
  const auto source = world.cache().open(remote_);
  const auto outcome = read_range(*source, {0, source->size()});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
  world.network().add(kUrl, bytes_, "\"good\"");
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
}

TEST_F(BlockCacheTest, AReportShowsNoSignatureOfAUrl) {
  CacheWorld world(dir_.path());
  const std::string url = kUrl + "?X-Amz-Signature=secret";
  world.network().add(url, bytes_);
  RemoteFile remote = remote_of(url, bytes_);
  remote.digest = digest_of(DigestKind::kMd5, {});
  ASSERT_TRUE(read_all(*world.cache().open(remote)).error);
  ASSERT_EQ(world.reports().size(), 1U);
  const std::string message = world.reports().front().message;
  EXPECT_NE(message.find(kUrl), std::string::npos) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos) << message;
}

TEST_F(BlockCacheTest, AfterAWrongDigestANewOpenBeginsAnew) {
  CacheWorld world(dir_.path());
  std::string wrong = bytes_;
  wrong[5] ^= 1;
  world.network().add(kUrl, wrong, "\"bad\"");
  const auto failed = world.cache().open(remote_);
  ASSERT_TRUE(read_all(*failed).error);
  world.network().add(kUrl, bytes_, "\"good\"");
  const auto again = world.cache().open(remote_);
  EXPECT_NE(again, failed);
  EXPECT_EQ(read_all(*again).bytes, bytes_);
  EXPECT_TRUE(again->verified());
}

TEST_F(BlockCacheTest, ALargeFileIsCheckedByTheHousekeeper) {
  const std::string big =
      random_bytes(CachedSource::kCheckBeforeReply + kBlockBytes, 3);
  std::string wrong = big;
  wrong[100] ^= 1;
  for (const bool agrees : {true, false}) {
    const TemporaryDirectory dir;
    CacheWorld world(dir.path());
    world.network().add(kUrl, agrees ? big : wrong);
    const auto source = world.cache().open(remote_of(kUrl, big));
    const auto outcome = read_all(*source);
    world.cache().wait_until_idle();
    EXPECT_EQ(source->verified(), agrees);
    EXPECT_EQ(source->has_failed(), !agrees);
    EXPECT_EQ(read_range(*source, {0, 1}).error.has_value(), !agrees);
    EXPECT_EQ(world.reports().size(), agrees ? 0U : 1U);
  }
}

TEST_F(BlockCacheTest, AFileThatHadWrongBytesIsCheckedBeforeItsLastReadEnds) {
  const std::string big =
      random_bytes(CachedSource::kCheckBeforeReply + kBlockBytes, 3);
  std::string wrong = big;
  wrong[100] ^= 1;
  CacheWorld world(dir_.path());
  world.network().add(kUrl, wrong);
  const RemoteFile remote = remote_of(kUrl, big);
  static_cast<void>(read_all(*world.cache().open(remote)));
  world.cache().wait_until_idle();
  for (int time = 0; time < 2; ++time) {
    const auto again = world.cache().open(remote);
    const auto outcome = read_all(*again);
    ASSERT_TRUE(outcome.error) << time;
    EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt) << time;
  }
  world.network().add(kUrl, big);
  const auto right = world.cache().open(remote);
  EXPECT_EQ(read_all(*right).bytes, big);
  EXPECT_TRUE(right->verified());
}

// It differs where nothing was known.
TEST_F(BlockCacheTest, AFileOfReplicasIsCheckedBeforeItsLastReadEnds) {
  const std::string big =
      random_bytes(CachedSource::kCheckBeforeReply + kBlockBytes, 3);
  std::string newer = big;
  newer[100 + 10 * kBlockBytes] ^= 1;
  const std::string date = "Mon, 01 Jan 2024 00:00:00 GMT";
  CacheWorld world(dir_.path());
  world.network().add(kUrl, big, "\"v1\"");
  world.network().date(kUrl, date);
  const auto source = world.cache().open(remote_of(kUrl, big));
  ASSERT_FALSE(read_range(*source, {60 * kBlockBytes, kBlockBytes}).error);
  world.cache().wait_until_idle();
  world.network().add(kUrl, newer, "\"v2\"");
  world.network().date(kUrl, date);
  const auto outcome = read_all(*source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
}

// A complete file whose digest nobody has looked at.
class UncheckedFileTest : public BlockCacheTest {
 protected:
  void SetUp() override {
    {
      CacheWorld world(dir_.path());
      world.network().add(kUrl, bytes_);
      const auto source = world.cache().open(remote_);
      ASSERT_FALSE(read_range(*source, {0, kSize - 1 - 123}).error);
    }
    {
      // The last block arrives with no digest known to the reader.
      Counters counters;
      CachedFile file(remote_, dir_.path(), counters);
      file.attach();
      const auto last =
          std::as_bytes(std::span(bytes_).subspan(20 * kBlockBytes));
      ASSERT_TRUE(file.store({20, 1}, {{last}}));
    }
  }
};

TEST_F(UncheckedFileTest, IsCheckedByTheNextSession) {
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(remote_);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
}

TEST_F(UncheckedFileTest, IsCheckedThoughNobodyHoldsItAnyMore) {
  CacheWorld world(dir_.path());
  static_cast<void>(world.cache().state(remote_));
  world.cache().wait_until_idle();
  EXPECT_TRUE(world.cache().state(remote_).verified);
}

TEST_F(BlockCacheTest, AChangedObjectNeverMixesWithTheOldOne) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_, "\"v1\"");
  const auto source = world.cache().open(remote_);
  ASSERT_FALSE(read_range(*source, {0, kBlockBytes}).error);
  world.cache().wait_until_idle();
  world.network().add(kUrl, random_bytes(kSize, 9), "\"v2\"");
  for (const ByteRange range :
       {ByteRange{kBlockBytes, kBlockBytes}, ByteRange{0, 2 * kBlockBytes}}) {
    const auto outcome = read_range(*source, range);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
  }
  EXPECT_EQ(read_range(*source, {0, kBlockBytes}).bytes,
            bytes_.substr(0, kBlockBytes));
}

TEST_F(BlockCacheTest, AChangeIsSeenAcrossARestart) {
  {
    CacheWorld world(dir_.path());
    world.network().add(kUrl, bytes_, "\"v1\"");
    ASSERT_FALSE(
        read_range(*world.cache().open(remote_), {0, kBlockBytes}).error);
  }
  CacheWorld world(dir_.path());
  world.network().add(kUrl, random_bytes(kSize, 9), "\"v2\"");
  const auto outcome =
      read_range(*world.cache().open(remote_), {0, 2 * kBlockBytes});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
}

TEST_F(BlockCacheTest, AnObjectOfAnotherSizeThanTheCatalogSaysIsChanged) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_ + "more");
  const auto outcome = read_range(*world.cache().open(remote_), {0, 1});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
}

TEST_F(BlockCacheTest, ABlockThatIsLateIsAskedForASecondTimeElsewhere) {
  CacheWorld world(dir_.path());
  constexpr std::uint64_t kBlocks = 200;
  const std::string bytes = random_bytes(kBlocks * kBlockBytes, 3);
  const std::string mirror = "http://mirror/file";
  RemoteFile remote = without_digest(remote_of(kUrl, bytes));
  remote.urls.push_back(mirror);
  world.network().add(kUrl, bytes);
  world.network().add(mirror, bytes);
  const auto source = world.cache().open(remote);
  std::vector<std::uint64_t> order(kBlocks - 1);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(5));
  for (const std::uint64_t block : order) {  // until it is known what is late
    ASSERT_FALSE(read_range(*source, {block * kBlockBytes, 1}).error);
  }
  ASSERT_FALSE(source->file().present(kBlocks - 1));
  // A slow machine may have made answers late before.
  const std::uint64_t before = world.counters().hedges.load();
  world.counters().requests += 1000;
  world.network().hold(kUrl);
  const auto outcome = read_range(*source, {(kBlocks - 1) * kBlockBytes, 10});
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.bytes, bytes.substr((kBlocks - 1) * kBlockBytes, 10));
  EXPECT_EQ(world.counters().hedges.load(), before + 1);
  EXPECT_EQ(world.network().log().back().url, mirror);
  world.network().release(kUrl);
}

// A clock of verdicts that a test sets.
class VerdictTest : public BlockCacheTest {
 protected:
  ChangeVerdicts verdicts() {
    return {std::chrono::seconds(30), [this] {
              return CachedSource::TimePoint(std::chrono::seconds(now_.load()));
            }};
  }

  std::atomic<std::int64_t> now_{0};
  CacheWorld world_{dir_.path(), {CacheWorld::kPlenty, 0}, 0, {}, verdicts()};
};

TEST_F(VerdictTest, HoldsUntilItExpiresAndTheBlocksAreKept) {
  world_.network().add(kUrl, bytes_);
  const auto source = world_.cache().open(remote_);
  ASSERT_FALSE(read_range(*source, {0, 4 * kBlockBytes}).error);
  world_.cache().wait_until_idle();
  world_.network().add(kUrl, bytes_ + "more");
  ASSERT_TRUE(read_range(*source, {20 * kBlockBytes, 1}).error);
  world_.network().add(kUrl, bytes_);
  const std::size_t before = world_.network().requests();
  now_ = 29;
  for (int opens = 0; opens < 3; ++opens) {
    const auto outcome =
        read_range(*world_.cache().open(remote_), {20 * kBlockBytes, 1});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
  }
  EXPECT_EQ(world_.network().requests(), before) << "it is known already";
  now_ = 30;
  EXPECT_EQ(read_range(*source, {20 * kBlockBytes, 1}).bytes,
            bytes_.substr(20 * kBlockBytes, 1));
  for (std::uint64_t block = 0; block < 4; ++block) {
    EXPECT_TRUE(source->file().present(block));
  }
  EXPECT_EQ(read_all(*source).bytes, bytes_);
}

TEST_F(VerdictTest, OutlivesTheLastReaderAndThenTheBlocksAreTakenUpAgain) {
  world_.network().add(kUrl, bytes_);
  ASSERT_FALSE(
      read_range(*world_.cache().open(remote_), {0, 4 * kBlockBytes}).error);
  world_.cache().wait_until_idle();
  world_.network().add(kUrl, bytes_ + "more");
  ASSERT_TRUE(
      read_range(*world_.cache().open(remote_), {20 * kBlockBytes, 1}).error);
  ASSERT_TRUE(
      read_range(*world_.cache().open(remote_), {20 * kBlockBytes, 1}).error);
  now_ = 30;
  const auto source = world_.cache().open(remote_);
  EXPECT_TRUE(source->has({0, 4 * kBlockBytes}));
  EXPECT_EQ(read_range(*source, {0, kBlockBytes}).bytes,
            bytes_.substr(0, kBlockBytes));
}

// It is of the version that is pinned: nothing is mixed.
TEST_F(VerdictTest, WhatIsHereIsReadWhileItLastsAndNothingIsAskedFor) {
  world_.network().add(kUrl, bytes_);
  const auto source = world_.cache().open(remote_);
  ASSERT_FALSE(read_range(*source, {0, 4 * kBlockBytes}).error);
  world_.cache().wait_until_idle();
  world_.network().add(kUrl, bytes_ + "more");
  ASSERT_TRUE(read_range(*source, {20 * kBlockBytes, 1}).error);
  const std::size_t before = world_.network().requests();
  for (const ByteRange range :
       {ByteRange{0, 4 * kBlockBytes}, ByteRange{100, kBlockBytes}}) {
    EXPECT_EQ(read_range(*source, range).bytes,
              bytes_.substr(range.offset, range.length));
  }
  EXPECT_TRUE(read_range(*source, {3 * kBlockBytes, 4 * kBlockBytes}).error)
      << "of what is not here no part is read";
  EXPECT_EQ(world_.network().requests(), before);
}

// Two sessions of one directory, to which a server showed two versions.
class TwoVersionsTest : public BlockCacheTest {
 protected:
  void SetUp() override {
    old_.network().add(kUrl, bytes_, "\"v1\"");
    new_.network().add(kUrl, newer_bytes_, "\"v2\"");
  }

  const RemoteFile remote_file_ = without_digest(remote_);
  const std::string newer_bytes_ = random_bytes(kSize, 9);
  CacheWorld old_{dir_.path()};
  CacheWorld new_{dir_.path()};
  std::shared_ptr<CachedSource> older_ = old_.cache().open(remote_file_);
  std::shared_ptr<CachedSource> newer_ = new_.cache().open(remote_file_);
};

TEST_F(TwoVersionsTest, AReaderOfOneNeverGetsBlocksOfTheOther) {
  ASSERT_FALSE(read_range(*older_, {0, kBlockBytes}).error);
  old_.cache().wait_until_idle();
  const auto outcome = read_range(*newer_, {0, kSize});
  if (!outcome.error) {
    EXPECT_EQ(outcome.bytes, newer_bytes_);  // all of them are its server's
  }
  new_.cache().wait_until_idle();
  const auto later = read_range(*newer_, {0, kSize});
  ASSERT_TRUE(later.error);
  EXPECT_EQ(later.error->code, ErrorCode::kChanged);
}

TEST_F(TwoVersionsTest, TheSecondToStoreKeepsNothingAndSaysSo) {
  // Both are open and have pinned nothing; each fetches a block of its own.
  ASSERT_FALSE(read_range(*newer_, {4 * kBlockBytes, kBlockBytes}).error);
  new_.cache().wait_until_idle();
  static_cast<void>(read_range(*older_, {10 * kBlockBytes, kBlockBytes}));
  old_.cache().wait_until_idle();
  EXPECT_FALSE(older_->file().present(10)) << "it is of another version";
  const auto outcome = read_range(*older_, {4 * kBlockBytes, kBlockBytes});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
  EXPECT_FALSE(read_range(*newer_, {4 * kBlockBytes, kBlockBytes}).error);
}

TEST_F(BlockCacheTest, ErrorsAreNotCached) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  world.network().fail_nth(1, {});
  const auto source = world.cache().open(remote_);
  const auto failed = read_range(*source, {0, 10});
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(read_range(*source, {0, 10}).bytes, bytes_.substr(0, 10));
}

TEST_F(BlockCacheTest, EveryNthRequestThatFailsEndsInRightBytesOrAnError) {
  for (std::uint64_t nth = 1; nth <= 4; ++nth) {
    for (const auto what :
         {FakeFault::What::kRefuse, FakeFault::What::kReset,
          FakeFault::What::kShort, FakeFault::What::kStatus,
          FakeFault::What::kWrongRange, FakeFault::What::kWrongTotal,
          FakeFault::What::kLongerBody, FakeFault::What::kGzipClaim,
          FakeFault::What::kIgnoreRange, FakeFault::What::kFlipByte}) {
      const TemporaryDirectory dir;
      CacheWorld world(dir.path());
      world.network().add(kUrl, bytes_);
      world.network().fail_nth(nth, {what, 70'000, 503, ""});
      const auto source = world.cache().open(remote_);
      std::string got;
      bool failed = false;
      for (std::uint64_t at = 0; at < kSize; at += 6 * kBlockBytes) {
        const ByteRange range = clip({at, 6 * kBlockBytes}, kSize);
        const auto outcome = read_range(*source, range);
        failed = failed || outcome.error.has_value();
        got += outcome.bytes;
      }
      EXPECT_TRUE(failed || got == bytes_)
          << "request " << nth << " fault " << static_cast<int>(what);
    }
  }
}

TEST_F(BlockCacheTest, AReadEndsAtItsDeadline) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  world.network().hold(kUrl);
  const auto source = world.cache().open(remote_);
  const auto outcome = read_range(
      *source, {0, 10},
      {std::chrono::steady_clock::now() + std::chrono::milliseconds(20), {}});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kTimedOut);
}

TEST_F(BlockCacheTest, AnInterruptedReadEndsAndItsRequestIsCancelled) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  world.network().hold(kUrl);
  const auto source = world.cache().open(remote_);
  std::stop_source stop;
  std::thread interrupter([&] {
    world.network().wait_for_requests(1);
    stop.request_stop();
  });
  const auto outcome =
      read_range(*source, {0, 10}, {patient().deadline, stop.get_token()});
  interrupter.join();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kInterrupted);
  // The next reader sends a request of its own.
  world.network().release(kUrl);
  EXPECT_EQ(read_range(*source, {0, 10}).bytes, bytes_.substr(0, 10));
  EXPECT_EQ(world.network().requests(), 2U);
}

TEST_F(BlockCacheTest, AReaderThatLeavesDoesNotCancelTheOthers) {
  CacheWorld world(dir_.path());
  world.network().add(kUrl, bytes_);
  world.network().hold(kUrl);
  const auto source = world.cache().open(remote_);
  std::stop_source stop;
  std::thread leaver([&] {
    const auto outcome =
        read_range(*source, {0, 10}, {patient().deadline, stop.get_token()});
    EXPECT_TRUE(outcome.error);
  });
  world.network().wait_for_requests(1);
  std::string got;
  std::thread stayer([&] { got = read_range(*source, {5, 10}).bytes; });
  // The stayer may join before or after the leaver has gone: either way it
  // must get its bytes.
  stop.request_stop();
  leaver.join();
  world.network().release(kUrl);
  stayer.join();
  EXPECT_EQ(got, bytes_.substr(5, 10));
}

TEST_F(BlockCacheTest, ADirectoryThatCannotBeUsedLeavesReadsUncached) {
  CacheWorld world("/proc/omicsfs-cache");
  EXPECT_FALSE(world.cache().why_uncached().empty());
  world.network().add(kUrl, bytes_);
  const auto source = world.cache().open(remote_);
  EXPECT_EQ(read_range(*source, {100, 1000}).bytes, bytes_.substr(100, 1000));
  world.cache().wait_until_idle();
  EXPECT_EQ(read_range(*source, {100, 1000}).bytes, bytes_.substr(100, 1000));
  EXPECT_EQ(world.network().requests(), 2U);
}

TEST_F(BlockCacheTest, ALimitBelowOneBlockLeavesReadsUncached) {
  CacheWorld world(dir_.path(), {1000, 0});
  world.network().add(kUrl, bytes_);
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  world.cache().wait_until_idle();  // the storer finds that there is no room
  EXPECT_GE(world.counters().reads_uncached, 1U);
}

TEST_F(BlockCacheTest, AFreeSpaceFloorAboveTheDiskLeavesReadsUncached) {
  CacheWorld world(dir_.path(), {CacheWorld::kPlenty, CacheWorld::kPlenty});
  world.network().add(kUrl, bytes_);
  EXPECT_EQ(read_all(*world.cache().open(remote_)).bytes, bytes_);
  world.cache().wait_until_idle();
  EXPECT_GE(world.counters().reads_uncached, 1U);
  EXPECT_FALSE(std::filesystem::exists(paths().data));
}

// Files that are closed make room for new ones; the limit is never passed.
TEST_F(BlockCacheTest, TheLimitHoldsAndTheLeastRecentlyUsedFilesGo) {
  constexpr std::uint64_t kLimit = 6 << 20;
  CacheWorld world(dir_.path(), {kLimit, 0});
  std::vector<RemoteFile> files;
  for (unsigned i = 0; i < 12; ++i) {
    const std::string bytes = random_bytes(1 << 20, i);
    const std::string url = "http://origin/" + std::to_string(i);
    world.network().add(url, bytes);
    files.push_back(remote_of(url, bytes));
    ASSERT_EQ(read_all(*world.cache().open(files.back())).bytes, bytes);
    world.cache().wait_until_idle();
    ASSERT_LE(disk_use(dir_.path() / "v1" / "files"), kLimit);
  }
  EXPECT_GE(world.counters().files_evicted, 6U);
  EXPECT_EQ(world.counters().reads_uncached, 0U);
  EXPECT_EQ(world.cache().state(files.front()).cached_bytes, 0U);
  EXPECT_EQ(world.cache().state(files.back()).cached_bytes, 1U << 20);
}

TEST_F(BlockCacheTest, ADiskThatFillsUpBehindOurBackCostsNoByte) {
  const SmallDisk disk(dir_.path());
  if (!disk.mounted()) {
    GTEST_SKIP() << "not allowed to mount, as without /dev/fuse";
  }
  const std::string big = random_bytes(7 << 20, 4);
  CacheWorld world(dir_.path());
  world.network().add(kUrl, big);
  const auto source = world.cache().open(remote_of(kUrl, big));
  // Room for the whole file is reserved with its first block.
  ASSERT_FALSE(read_range(*source, {0, 1}).error);
  disk.fill();
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(read_all(*source).bytes == big);
  }
  EXPECT_FALSE(source->file().complete());
}

TEST_F(BlockCacheTest, AnOpenFileLosesItsOldestPartsAndIsReadOn) {
  CacheWorld world(dir_.path(), {6 << 20, 0});
  const std::string bytes = random_bytes(3 << 20, 1);
  world.network().add("http://origin/open", bytes);
  const auto open = world.cache().open(remote_of("http://origin/open", bytes));
  ASSERT_EQ(read_all(*open).bytes, bytes);
  world.cache().wait_until_idle();
  ASSERT_TRUE(open->file().complete());
  const std::string other = random_bytes(3 << 20, 2);
  world.network().add("http://origin/other", other);
  const auto source =
      world.cache().open(remote_of("http://origin/other", other));
  EXPECT_EQ(read_all(*source).bytes, other);
  world.cache().wait_until_idle();
  EXPECT_EQ(world.counters().reads_uncached, 0U);
  EXPECT_GE(world.counters().extents_evicted, 1U);
  EXPECT_TRUE(source->file().complete());
  EXPECT_FALSE(open->file().complete());
  EXPECT_EQ(read_all(*open).bytes, bytes);
}

TEST_F(BlockCacheTest, FilesOpenInAnotherProcessAreNotEvicted) {
  CacheWorld other(dir_.path());
  other.network().add(kUrl, bytes_);
  const auto open = other.cache().open(remote_);
  ASSERT_FALSE(read_all(*open).error);
  other.cache().wait_until_idle();
  EXPECT_FALSE(remove_cached(dir_.path(), content_key(remote_)));
  EXPECT_TRUE(std::filesystem::exists(paths().data));
}

TEST_F(BlockCacheTest, AnEvictedFileIsGoneAndFetchedAnew) {
  fill();
  EXPECT_TRUE(remove_cached(dir_.path(), content_key(remote_)));
  EXPECT_FALSE(std::filesystem::exists(paths().map));
  fill();
}

TEST_F(BlockCacheTest, AnEmptyFileNeedsNoRequest) {
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(remote_of(kUrl, ""));
  EXPECT_EQ(source->size(), 0U);
  EXPECT_FALSE(read_all(*source).error);
  EXPECT_EQ(world.network().requests(), 0U);
}

// A file that is read past the cache shows its use by no read.
TEST(BlockCache, WhatIsOpenedWithNoReadIsEvictedLater) {
  const TemporaryDirectory dir;
  const std::string bytes = random_bytes(100'000, 1);
  const RemoteFile first = remote_of("http://origin/1", bytes);
  const RemoteFile second =
      remote_of("http://origin/2", random_bytes(100'000, 2));
  {
    CacheWorld world(dir.path());
    world.network().add("http://origin/1", bytes);
    world.network().add("http://origin/2", random_bytes(100'000, 2));
    ASSERT_EQ(read_all(*world.cache().open(first)).bytes, bytes);
    ASSERT_FALSE(read_all(*world.cache().open(second)).error);
  }
  {
    CacheWorld world(dir.path());
    const CacheReader reader(world.cache().open(first));
  }
  const auto index = CacheIndex::open(dir.path());
  ASSERT_TRUE(index);
  const auto files = (*index)->least_recent(Heat::kCold, {}, 2);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ(files->front().key, content_key(second));
}

}  // namespace
}  // namespace omicsfs
