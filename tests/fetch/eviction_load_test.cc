// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/fetch/cache_world.h"
#include "tests/fetch/disk_use.h"
#include "tests/fetch/small_disk.h"

// The limit and the floor under many readers of more than the cache can hold.

namespace omicsfs {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;

// As random_bytes, and fast enough for files of many megabytes.
std::string many_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes(count, '\0');
  for (std::size_t at = 0; at + 8 <= count; at += 8) {
    const std::uint64_t word = engine();
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  return bytes;
}

struct Object {
  std::string url;
  std::string bytes;

  // Without a digest: its check would take longer than all the rest.
  [[nodiscard]] RemoteFile remote() const {
    return {{url}, bytes.size(), std::nullopt, ""};
  }
};

// Three files of more than the cache can hold. Random bytes are dear to make:
// all tests share them.
const std::vector<Object>& shared_objects() {
  static const std::vector<Object> objects = [] {
    std::vector<Object> all;
    for (std::size_t i = 0; i < 3; ++i) {
      all.push_back({"http://origin/" + std::to_string(i),
                     many_bytes(5 * kMegabyte + 12345, i)});
    }
    return all;
  }();
  return objects;
}

void add_all(CacheWorld& world, const std::vector<Object>& all) {
  for (const Object& object : all) {
    world.network().add(object.url, object.bytes);
  }
}

// Reads `object` from its start to its end in steps, and checks each byte;
// `after` is called at each step. Returns the count of wrong steps. The cache
// may store the last of them later.
template <typename After>
int stream(CacheWorld& world, const Object& object, const After& after) {
  constexpr std::uint64_t kStep = 256 << 10;
  const auto source = world.cache().open(object.remote());
  int wrong = 0;
  for (std::uint64_t at = 0; at < object.bytes.size(); at += kStep) {
    const ByteRange range = clip({at, kStep}, object.bytes.size());
    const auto outcome = read_range(*source, range);
    wrong +=
        object.bytes.compare(range.offset, range.length, outcome.bytes) == 0
            ? 0
            : 1;
    after();
  }
  return wrong;
}

class EvictionUnderLoad : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLimit = 4 * kMegabyte;
  static constexpr std::uint64_t kHourInMicroseconds = 3'600'000'000;
  static constexpr auto kLook =
      std::chrono::steady_clock::duration(std::chrono::milliseconds(1)).count();

  // Eight readers, of `worlds` in turn, each of two of the three files.
  template <typename After>
  void stream_all(const std::vector<CacheWorld*>& worlds, const After& after) {
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < 8; ++t) {
      readers.emplace_back([&, t] {
        for (std::size_t i = 0; i < 2; ++i) {
          wrong_ += stream(*worlds[t % worlds.size()],
                           objects_[(t + i) % objects_.size()], after);
        }
      });
    }
    for (std::thread& reader : readers) {
      reader.join();
    }
  }
  // No read waits for the disk: what was read may be stored, and may have
  // driven out other things, only later.
  static void wait_until_stored(const std::vector<CacheWorld*>& worlds) {
    for (CacheWorld* const world : worlds) {
      world->cache().wait_until_idle();
    }
  }
  // A millisecond goes by with each look at the clock, however slow the machine
  // is: all uses are one, and nothing grows old.
  CacheLimits counting_looks() {
    CacheLimits limits{kLimit, 0, kHourInMicroseconds};
    limits.now = [this] {
      return std::chrono::steady_clock::time_point(
          std::chrono::steady_clock::duration(looks_ += kLook));
    };
    return limits;
  }
  // A use of what is not yet on disk is no use again: it must be there first.
  static int stream_and_store(CacheWorld& world, const Object& object) {
    const int wrong = stream(world, object, [] {});
    wait_until_stored({&world});
    return wrong;
  }
  // A walk sees one file after the other: it may count what one has given up
  // since, and what took its place. What is over the limit is so for longer.
  void note_use() {
    std::uint64_t now = disk_use(dir_.path());
    if (now > kLimit) {
      now = std::min(now, disk_use(dir_.path()));
    }
    std::uint64_t most = most_used_;
    while (now > most && !most_used_.compare_exchange_weak(most, now)) {
    }
  }

  const TemporaryDirectory dir_;
  const std::vector<Object>& objects_ = shared_objects();
  std::atomic<std::chrono::steady_clock::rep> looks_{0};
  std::atomic<int> wrong_{0};
  std::atomic<std::uint64_t> most_used_{0};
};

TEST_F(EvictionUnderLoad, TheLimitHoldsAndEveryByteIsRight) {
  CacheWorld world(dir_.path(), {kLimit, 0});
  add_all(world, objects_);
  stream_all({&world}, [&] { note_use(); });
  wait_until_stored({&world});
  note_use();
  EXPECT_EQ(wrong_, 0);
  EXPECT_LE(most_used_, kLimit);
  EXPECT_GE(most_used_, kLimit / 2);
  EXPECT_GT(world.counters().extents_evicted, 0U);
  EXPECT_EQ(world.counters().blocks_damaged, 0U);
  // A read that finds no room is served uncached. How many do depends on how
  // fast the others give room back: no count of them is wrong.
}

// Each open of a file takes up what is known of its use, while others look for
// what may go.
TEST_F(EvictionUnderLoad, FilesOfAnEarlierRunAreOpenedWhileOthersLookForRoom) {
  const Object left{"http://origin/left", many_bytes(kMegabyte, 99)};
  {
    CacheWorld earlier(dir_.path(), {kLimit, 0});
    add_all(earlier, {left});
    stream(earlier, left, [] {});
  }
  CacheWorld world(dir_.path(), {kLimit, 0});
  add_all(world, objects_);
  add_all(world, {left});
  std::atomic<bool> over = false;
  std::thread opener([&] {
    while (!over) {
      world.cache().open(left.remote());
    }
  });
  stream_all({&world}, [&] { note_use(); });
  over = true;
  opener.join();
  wait_until_stored({&world});
  note_use();
  EXPECT_EQ(wrong_, 0);
  EXPECT_LE(most_used_, kLimit);
}

TEST_F(EvictionUnderLoad, TheLimitHoldsOverTwoProcesses) {
  {
    CacheWorld one(dir_.path(), {kLimit, 0});
    CacheWorld two(dir_.path(), {kLimit, 0});
    add_all(one, objects_);
    add_all(two, objects_);
    stream_all({&one, &two}, [&] { note_use(); });
    wait_until_stored({&one, &two});
    note_use();
    EXPECT_EQ(wrong_, 0);
    EXPECT_LE(most_used_, kLimit);
    EXPECT_EQ(one.counters().blocks_damaged, 0U);
    EXPECT_EQ(two.counters().blocks_damaged, 0U);
  }
  // With all files closed, nothing is charged that is not on disk.
  const auto index = CacheIndex::open(dir_.path());
  ASSERT_TRUE(index);
  const auto shares = (*index)->shares();
  EXPECT_EQ(shares->granted, 0U);
  EXPECT_LE(shares->on_disk,
            charge_of(disk_use(dir_.path() / "v1" / "files")) + 3 * 4096);
}

TEST_F(EvictionUnderLoad, TheDiskKeepsFreeWhatItMust) {
  constexpr std::uint64_t kKeepFree = 13 * kMegabyte;
  const SmallDisk disk(dir_.path());
  if (!disk.mounted()) {
    GTEST_SKIP() << "not allowed to mount, as without /dev/fuse";
  }
  std::atomic<std::uint64_t> least_free{UINT64_MAX};
  CacheWorld world(dir_.path(), {CacheWorld::kPlenty, kKeepFree});
  add_all(world, objects_);
  const auto note_free = [&] {
    struct statvfs facts {};
    ASSERT_EQ(::statvfs(dir_.path().c_str(), &facts), 0);
    const std::uint64_t now = facts.f_bavail * facts.f_frsize;
    std::uint64_t least = least_free;
    while (now < least && !least_free.compare_exchange_weak(least, now)) {
    }
  };
  stream_all({&world}, note_free);
  wait_until_stored({&world});
  note_free();
  EXPECT_EQ(wrong_, 0);
  EXPECT_GE(least_free, kKeepFree);
  EXPECT_GT(world.counters().extents_evicted, 0U);
}

TEST_F(EvictionUnderLoad, AScanLeavesWhatIsUsedAgainAndAgain) {
  // Any two uses are two.
  CacheWorld world(dir_.path(), {kLimit, 0, 0});
  add_all(world, objects_);
  const Object hot{"http://origin/hot", many_bytes(kMegabyte, 99)};
  const Object once{"http://origin/once", many_bytes(kMegabyte, 98)};
  add_all(world, {hot, once});
  EXPECT_EQ(stream_and_store(world, once), 0);
  EXPECT_EQ(stream_and_store(world, hot), 0);
  EXPECT_EQ(stream_and_store(world, hot), 0);
  for (const Object& object : objects_) {
    EXPECT_EQ(stream_and_store(world, object), 0);
  }
  const std::size_t before = world.network().requests();
  EXPECT_EQ(stream_and_store(world, hot), 0);
  EXPECT_EQ(world.network().requests(), before);
  EXPECT_EQ(world.cache().state(once.remote()).cached_bytes, 0U);
}

TEST_F(EvictionUnderLoad, AHotPartOfAnOpenFileOutlivesAScanOfTheSameFile) {
  CacheWorld world(dir_.path(), {kLimit, 0, 0});
  add_all(world, objects_);
  const auto source = world.cache().open(objects_[0].remote());
  const ByteRange head{0, kMegabyte};
  for (int time = 0; time < 2; ++time) {
    ASSERT_FALSE(read_range(*source, head).error);
    wait_until_stored({&world});
  }
  EXPECT_EQ(stream_and_store(world, objects_[0]), 0);
  const std::size_t before = world.network().requests();
  EXPECT_EQ(read_range(*source, head).bytes,
            objects_[0].bytes.substr(0, kMegabyte));
  EXPECT_EQ(world.network().requests(), before);
  EXPECT_FALSE(source->file().complete());
}

TEST_F(EvictionUnderLoad, AFileThatLosesAPartIsNotVerifiedAnyMore) {
  CacheWorld world(dir_.path(), counting_looks());
  const Object object{"http://origin/x", many_bytes(2 * kMegabyte, 7)};
  add_all(world, {object});
  add_all(world, objects_);
  const auto source = world.cache().open(remote_of(object.url, object.bytes));
  ASSERT_FALSE(read_all(*source).error);
  wait_until_stored({&world});
  ASSERT_TRUE(source->verified());
  ASSERT_TRUE(source->file().complete());
  EXPECT_EQ(stream_and_store(world, objects_[0]), 0);
  EXPECT_FALSE(source->file().complete());
  EXPECT_FALSE(source->verified());
  const auto index = CacheIndex::open(dir_.path());
  EXPECT_EQ(*(*index)->verified_stamp(source->file().key()), 0U);
  ASSERT_EQ(read_all(*source).bytes, object.bytes);
}

// Reserves room for `count` megabytes of a file as read-ahead does, one after
// the other; how many it got before one was refused.
std::size_t prefetch_room(CachedSource& source, std::size_t count) {
  std::vector<Room> rooms;
  while (rooms.size() < count) {
    auto room =
        source.space().reserve({rooms.size() * 16, 16}, Priority::kPrefetch);
    if (!room) {
      break;
    }
    rooms.push_back(*std::move(room));
  }
  return rooms.size();
}

TEST_F(EvictionUnderLoad, PrefetchDrivesOutNothingThatWasReadOfLate) {
  CacheWorld world(dir_.path(), counting_looks());
  add_all(world, objects_);
  ASSERT_EQ(stream_and_store(world, objects_[0]), 0);
  const auto other = world.cache().open(objects_[1].remote());
  const std::uint64_t before = world.counters().extents_evicted;
  // The cache is full of what another reader has just read.
  EXPECT_LT(prefetch_room(*other, 8), 3U);
  EXPECT_EQ(world.counters().extents_evicted, before);
  EXPECT_EQ(world.counters().files_evicted, 0U);
}

TEST_F(EvictionUnderLoad, PrefetchTakesThePlaceOfWhatItsOwnReaderIsDoneWith) {
  CacheWorld world(dir_.path(), counting_looks());
  add_all(world, objects_);
  const auto source = world.cache().open(objects_[0].remote());
  ASSERT_EQ(stream_and_store(world, objects_[0]), 0);
  // Read-ahead may have found no room, and is not to search again at once.
  looks_ += 1'000 * kLook;
  EXPECT_EQ(prefetch_room(*source, 2), 2U);
}

TEST_F(EvictionUnderLoad, ALimitThatWasLoweredHoldsSoonAfterTheStart) {
  {
    CacheWorld world(dir_.path(), {2 * kLimit, 0});
    add_all(world, objects_);
    EXPECT_EQ(stream(world, objects_[0], [] {}), 0);
  }
  ASSERT_GT(disk_use(dir_.path()), kLimit);
  CacheWorld world(dir_.path(), {kLimit, 0});
  world.cache().wait_until_idle();
  EXPECT_LE(disk_use(dir_.path()), kLimit);
}

TEST_F(EvictionUnderLoad, TinyLimitsLeaveReadsUncachedAndHold) {
  for (const std::uint64_t limit :
       {std::uint64_t{0}, std::uint64_t{1}, kBlockBytes, kMegabyte}) {
    const TemporaryDirectory dir;
    CacheWorld world(dir.path(), {limit, 0});
    add_all(world, objects_);
    EXPECT_EQ(stream_and_store(world, objects_[0]), 0);
    if (limit == kMegabyte) {
      EXPECT_LE(disk_use(dir.path()), limit);
    } else {
      EXPECT_GT(world.counters().reads_uncached, 0U);
    }
  }
}

}  // namespace
}  // namespace omicsfs
