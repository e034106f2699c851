// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "fetch/inflate_index.h"
#include "fetch/inflated_origin.h"
#include "fetch/local_origin.h"
#include "fetch/zip_listing.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/composed_zip.h"

// Members of archives, read through the block cache.

namespace omicsfs {
namespace {

constexpr char kUrl[] = "http://h/a.zip";
constexpr std::size_t kTableBytes = 6'000'000;

class MemberTest : public ::testing::Test {
 protected:
  // The member `name` of `archive`, as a catalog would have it.
  static RemoteFile member_of(const RemoteFile& archive,
                              const std::string& name, BlockCache& cache) {
    const auto members = list_zip(*cache.open(archive), patient());
    EXPECT_TRUE(members) << members.error().message;
    RemoteFile file;
    for (const ArchiveMember& member : *members) {
      if (member.name == name) {
        file.size = member.size;
        file.digest = crc32_digest(member.crc32);
        file.member = MemberPlace{std::make_shared<const RemoteFile>(archive),
                                  member.header_offset, member.compressed_size,
                                  member.method};
      }
    }
    EXPECT_TRUE(file.member);
    return file;
  }

  [[nodiscard]] RemoteFile archive() const {
    return without_digest(remote_of(kUrl, zip_));
  }
  [[nodiscard]] RemoteFile member(CacheWorld& world,
                                  const std::string& name) const {
    world.network().add(kUrl, zip_);
    return member_of(archive(), name, world.cache());
  }
  [[nodiscard]] std::filesystem::path points_of(const RemoteFile& file) const {
    return cache_paths(dir_.path(), content_key(file)).points;
  }
  static std::uint64_t inflated(CacheWorld& world) {
    return world.counters().bytes_inflated.load();
  }
  // Reads all of `file`, the table. Checkpoints are kept beside blocks alone:
  // the first one is on disk before.
  void read_through(CacheWorld& world, const RemoteFile& file) const {
    const auto source = world.cache().open(file);
    ASSERT_FALSE(read_range(*source, {0, 1}).error);
    world.cache().wait_until_idle();
    ASSERT_TRUE(read_all(*source).bytes == table_);
  }
  // Drops what is cached of the member but its checkpoints.
  void forget_blocks(const RemoteFile& file) const {
    const auto paths = cache_paths(dir_.path(), content_key(file));
    std::filesystem::remove(paths.data);
    std::filesystem::remove(paths.map);
  }

  const TemporaryDirectory dir_;
  const std::string table_ = composed_table(kTableBytes);
  const std::string stored_ = random_bytes(1'000'000, 5);
  const std::string zip_ =
      composed_zip({{"table.tsv", table_},
                    {"stored.bin", stored_, Packing::kStored},
                    {"small.txt", "a few words", Packing::kDeflated},
                    {"secret", "x", Packing::kStored, -1, 1}});
};

TEST_F(MemberTest, ADeflatedOneReadsAsItWasPacked) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  const auto source = world.cache().open(file);
  EXPECT_TRUE(read_all(*source).bytes == table_);
  EXPECT_EQ(inflated(world), table_.size());
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
  EXPECT_TRUE(read_all(*source).bytes == table_);
  EXPECT_EQ(inflated(world), table_.size()) << "a warm read inflates nothing";
}

TEST_F(MemberTest, AStoredOneIsARangeOfTheArchive) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "stored.bin");
  const auto source = world.cache().open(file);
  EXPECT_TRUE(read_all(*source).bytes == stored_);
  EXPECT_EQ(inflated(world), 0U);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
}

TEST_F(MemberTest, AStoredOneIsNotFetchedWhereTheArchiveIsCached) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "stored.bin");
  const auto whole = world.cache().open(archive());
  ASSERT_TRUE(read_all(*whole).bytes == zip_);
  world.cache().wait_until_idle();  // until it is on disk
  const std::size_t before = world.network().requests();
  EXPECT_TRUE(read_all(*world.cache().open(file)).bytes == stored_);
  EXPECT_EQ(world.network().requests(), before);
}

TEST_F(MemberTest, ASmallOneIsCheckedBeforeItIsRead) {
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(member(world, "small.txt"));
  EXPECT_EQ(read_all(*source).bytes, "a few words");
  EXPECT_TRUE(source->verified());
}

TEST_F(MemberTest, AnUnreadableOneSaysSo) {
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(member(world, "secret"));
  const auto outcome = read_all(*source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnsupported);
}

TEST_F(MemberTest, AfterOnePassAnyPlaceCostsAMebibyteOfInflating) {
  RemoteFile file;
  {
    CacheWorld world(dir_.path());
    file = member(world, "table.tsv");
    read_through(world, file);
  }
  std::mt19937_64 engine(1);
  for (int i = 0; i < 40; ++i) {
    forget_blocks(file);
    CacheWorld world(dir_.path());
    world.network().add(kUrl, zip_);
    const auto source = world.cache().open(file);
    const ByteRange range{
        i == 0 ? table_.size() - 65536 : engine() % (table_.size() - 65536),
        65536};
    ASSERT_EQ(read_range(*source, range).bytes,
              table_.substr(range.offset, range.length));
    EXPECT_LE(inflated(world), std::uint64_t{1} << 20U) << range.offset;
  }
}

TEST_F(MemberTest, CheckpointsTakeAFiftiethOfTheOutputAtMost) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  read_through(world, file);
  world.cache().wait_until_idle();
  const auto size = std::filesystem::file_size(points_of(file));
  EXPECT_GT(size, 4 * kPointHeadBytes);
  EXPECT_LE(size, table_.size() / kOutputPerIndexByte + kPointsHeaderBytes);
}

TEST_F(MemberTest, DamagedCheckpointsCostTimeAndNothingElse) {
  RemoteFile file;
  {
    CacheWorld world(dir_.path());
    file = member(world, "table.tsv");
    read_through(world, file);
  }
  const auto size = std::filesystem::file_size(points_of(file));
  for (std::uint64_t at = 8; at < size; at += size / 17) {
    std::fstream points(points_of(file),
                        std::ios::in | std::ios::out | std::ios::binary);
    points.seekp(static_cast<std::streamoff>(at));
    points.put('\x5a');
    points.close();
    forget_blocks(file);
    CacheWorld world(dir_.path());
    world.network().add(kUrl, zip_);
    const ByteRange range{table_.size() - 70'000, 70'000};
    ASSERT_EQ(read_range(*world.cache().open(file), range).bytes,
              table_.substr(range.offset));
  }
}

TEST_F(MemberTest, ReadersOfOneStretchShareItsStream) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  const auto source = world.cache().open(file);
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      for (std::uint64_t at = 0; at < table_.size(); at += 131072) {
        const ByteRange range = clip({at, 131072}, table_.size());
        if (read_range(*source, range).bytes !=
            table_.substr(range.offset, range.length)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  // A request that overtakes others has the stream skip what they want, and
  // they begin anew. How often is for the scheduler to say, but far less is
  // inflated than by a stream for each reader.
  EXPECT_LE(inflated(world), 4 * table_.size());
}

// Collects its bytes; calls `then` once the first are here.
class FirstBytesSink final : public CollectingRangeSink {
 public:
  explicit FirstBytesSink(std::function<void()> then)
      : then_(std::move(then)) {}
  Result<void> on_bytes(std::span<const std::byte> bytes) override {
    if (const auto then = std::exchange(then_, nullptr)) {
      then();
    }
    return CollectingRangeSink::on_bytes(bytes);
  }

 private:
  std::function<void()> then_;
};

// Both join one pass, and the first goes by where the second begins.
TEST_F(MemberTest, TwoOverlappingRangesOfOnePassAreBothRight) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  WorkerPool pool(2);
  const auto origin = std::make_shared<InflatedOrigin>(
      std::make_unique<MemberBytes>(world.cache().open(archive()),
                                    *file.member),
      MemberFacts{file.size, file.digest}, std::filesystem::path(),
      UnpackTools{pool, world.counters(), "archive"});
  const ByteRange inner{140'000, 200'000};
  const auto second = std::make_shared<CollectingRangeSink>();
  const auto first = std::make_shared<FirstBytesSink>([&] {
    origin->fetch(inner, second);
    // The other thread of the pool has let it join before it comes to this.
    std::binary_semaphore joined(0);
    pool.add([&](const std::stop_token& /*stop*/) { joined.release(); });
    joined.acquire();
  });
  const ByteRange outer{0, 4 * kBlockBytes};
  origin->fetch(outer, first);
  EXPECT_TRUE(first->wait());
  EXPECT_TRUE(second->wait());
  EXPECT_TRUE(first->bytes() == table_.substr(outer.offset, outer.length));
  EXPECT_TRUE(second->bytes() == table_.substr(inner.offset, inner.length));
}

TEST_F(MemberTest, RandomReadersAreRightWhileOthersReadOn) {
  CacheWorld world(dir_.path(), {3'000'000, 0});  // less than the member takes
  const RemoteFile file = member(world, "table.tsv");
  const auto source = world.cache().open(file);
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (unsigned seed = 0; seed < 6; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937_64 engine(seed);
      for (int i = 0; i < 40; ++i) {
        const ByteRange range = clip(
            {engine() % table_.size(), 1 + engine() % 200'000}, table_.size());
        if (read_range(*source, range).bytes !=
            table_.substr(range.offset, range.length)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(MemberTest, AWrongCrcFailsTheReadThatCompletesIt) {
  std::string zip =
      composed_zip({{"t", table_, Packing::kDeflated, -1, 0, -1, 0x12345678}});
  CacheWorld world(dir_.path());
  world.network().add(kUrl, zip);
  const RemoteFile file =
      member_of(without_digest(remote_of(kUrl, zip)), "t", world.cache());
  const auto outcome = read_all(*world.cache().open(file));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
}

TEST_F(MemberTest, OneThatIsLongerOrShorterThanListedIsCorrupt) {
  for (const std::int64_t stated : {5'900'000, 6'100'000}) {
    const std::string zip =
        composed_zip({{"t", table_, Packing::kDeflated, -1, 0, stated}});
    const TemporaryDirectory dir;
    CacheWorld world(dir.path());
    world.network().add(kUrl, zip);
    const RemoteFile file =
        member_of(without_digest(remote_of(kUrl, zip)), "t", world.cache());
    const auto outcome = read_all(*world.cache().open(file));
    ASSERT_TRUE(outcome.error) << stated;
    EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
  }
}

TEST_F(MemberTest, DamagedBytesAreCorruptAndNeverWrong) {
  std::string zip = zip_;
  zip[zip.find("table.tsv") + 300'000] ^= '\x10';
  CacheWorld world(dir_.path());
  world.network().add(kUrl, zip);
  const RemoteFile file = member_of(without_digest(remote_of(kUrl, zip)),
                                    "table.tsv", world.cache());
  const auto outcome = read_all(*world.cache().open(file));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
}

TEST_F(MemberTest, AnArchiveThatWasReplacedIsStaleAndNeverMixed) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  const auto source = world.cache().open(file);
  ASSERT_FALSE(read_range(*source, {0, 65536}).error);
  // The same length, other bytes, another ETag.
  std::string other = zip_;
  other[300'000] ^= '\x01';
  world.network().add(kUrl, other, "\"v2\"");
  const auto outcome = read_range(*source, {4'000'000, 65536});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
}

TEST_F(MemberTest, AMemberThatIsNotWhereItWasListedIsCorrupt) {
  CacheWorld world(dir_.path());
  RemoteFile file = member(world, "table.tsv");
  file.member->header_offset += 10;
  const auto outcome = read_range(*world.cache().open(file), {0, 10});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
}

TEST_F(MemberTest, WithNoNetworkTheCachedPartReads) {
  RemoteFile file;
  {
    CacheWorld world(dir_.path());
    file = member(world, "table.tsv");
    ASSERT_FALSE(read_range(*world.cache().open(file), {0, 1'000'000}).error);
  }
  CacheWorld world(dir_.path());
  world.network().fail_url(kUrl, {FakeFault::What::kRefuse});
  const auto source = world.cache().open(file);
  EXPECT_EQ(read_range(*source, {0, 500'000}).bytes, table_.substr(0, 500'000));
  const auto outcome = read_range(*source, {5'000'000, 10});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
}

TEST_F(MemberTest, WithoutACacheItReadsAllTheSame) {
  const auto nowhere = dir_.path() / "file";
  std::ofstream(nowhere) << "in the way";
  CacheWorld world(nowhere);
  const auto source = world.cache().open(member(world, "table.tsv"));
  EXPECT_TRUE(read_all(*source).bytes == table_);
  EXPECT_EQ(read_range(*source, {5'000'000, 1000}).bytes,
            table_.substr(5'000'000, 1000));
}

TEST_F(MemberTest, ALocalArchiveIsNotCopied) {
  const auto path = dir_.path() / "local.zip";
  std::ofstream(path, std::ios::binary) << zip_;
  const auto local = local_file(path);
  ASSERT_TRUE(local) << local.error().message;
  CacheWorld world(dir_.path() / "cache");
  for (const auto& [name, bytes] :
       {std::pair{"table.tsv", table_}, std::pair{"stored.bin", stored_}}) {
    const RemoteFile file = member_of(*local, name, world.cache());
    EXPECT_TRUE(read_all(*world.cache().open(file)).bytes == bytes) << name;
  }
  EXPECT_TRUE(read_all(*world.cache().open(*local)).bytes == zip_);
  world.cache().wait_until_idle();
  EXPECT_FALSE(std::filesystem::exists(
      cache_paths(dir_.path() / "cache", content_key(*local)).data));
  EXPECT_EQ(world.network().requests(), 0U);
}

TEST_F(MemberTest, ALocalArchiveThatChangesIsStale) {
  const auto path = dir_.path() / "local.zip";
  std::ofstream(path, std::ios::binary) << zip_;
  const auto local = local_file(path);
  CacheWorld world(dir_.path() / "cache");
  const RemoteFile file = member_of(*local, "table.tsv", world.cache());
  std::filesystem::resize_file(path, zip_.size() - 1);
  const auto outcome = read_range(*world.cache().open(file), {0, 10});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kChanged);
}

TEST_F(MemberTest, WhoStopsIsNotHeldUpByTheRest) {
  CacheWorld world(dir_.path());
  const RemoteFile file = member(world, "table.tsv");
  world.network().hold(kUrl);
  const auto source = world.cache().open(file);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  std::string bytes(10, '\0');
  const auto read = source->read_at(
      4'000'000, std::as_writable_bytes(std::span(bytes)),
      {std::chrono::steady_clock::now() + std::chrono::minutes(4),
       stop.get_token()});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kInterrupted);
}

TEST(LocalFile, IsARegularOneOrNone) {
  const TemporaryDirectory dir;
  EXPECT_EQ(local_file(dir.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(local_file(dir.path()).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace omicsfs
