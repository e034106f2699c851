// SPDX-License-Identifier: MIT
#include "fetch/file_stamp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>

#include "tests/fetch/cache_world.h"

namespace omicsfs {
namespace {

struct stat facts_of(int ino, int size, int seconds, int nanoseconds) {
  struct stat facts {};
  facts.st_ino = static_cast<ino_t>(ino);
  facts.st_size = size;
  facts.st_mtim = {seconds, nanoseconds};
  facts.st_ctim = {seconds, nanoseconds};
  return facts;
}

TEST(FileStamp, DiffersWithEachPart) {
  std::set<std::uint64_t> stamps;
  int count = 0;
  for (int part = 0; part < 256; ++part) {
    struct stat facts = facts_of(part & 3, part >> 2 & 3, part >> 4 & 3, 0);
    facts.st_ctim.tv_nsec = part >> 6;
    stamps.insert(stamp_of(facts));
    ++count;
  }
  EXPECT_EQ(stamps.size(), static_cast<std::size_t>(count));
  EXPECT_FALSE(stamps.contains(0));
}

TEST(FileStamp, OfNothingIsNone) { EXPECT_EQ(stamp_of(-1), 0U); }

// A file of two and a half blocks, whole in a cache directory.
class WholeFile : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(file_.create());
    for (BlockIndex block = 0; block < file_.blocks(); ++block) {
      const ByteRange range = bytes_of({block, 1}, bytes_.size());
      const auto piece =
          std::as_bytes(std::span(bytes_)).subspan(range.offset, range.length);
      ASSERT_TRUE(file_.store({block, 1}, {{piece}}));
    }
  }
  [[nodiscard]] std::filesystem::path data() const {
    return cache_paths(dir_.path(), file_.key()).data;
  }
  [[nodiscard]] UniqueFd writable() const {
    return UniqueFd(::open(data().c_str(), O_RDWR | O_CLOEXEC));
  }

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(5 * kBlockBytes / 2, 1);
  Counters counters_;
  CachedFile file_{remote_of("http://origin/x", bytes_), dir_.path(),
                   counters_};
};

TEST_F(WholeFile, IsOpenedInTheStateOfItsStamp) {
  const UniqueFd whole = file_.open_whole(file_.stamp());
  ASSERT_TRUE(whole.valid());
  std::string got(bytes_.size(), '\0');
  EXPECT_EQ(::pread(whole.get(), got.data(), got.size(), 0),
            static_cast<ssize_t>(got.size()));
  EXPECT_EQ(got, bytes_);
}

TEST_F(WholeFile, IsNotOpenedWithAnotherStamp) {
  EXPECT_FALSE(file_.open_whole(0).valid());
  EXPECT_FALSE(file_.open_whole(file_.stamp() + 1).valid());
}

TEST_F(WholeFile, KeepsItsStampWhenItIsOpenedAgain) {
  const std::uint64_t stamp = file_.stamp();
  CachedFile again(remote_of("http://origin/x", bytes_), dir_.path(),
                   counters_);
  again.attach();
  EXPECT_EQ(again.stamp(), stamp);
  EXPECT_TRUE(again.open_whole(stamp).valid());
}

TEST_F(WholeFile, WrittenToIsAnother) {
  const std::uint64_t stamp = file_.stamp();
  ASSERT_EQ(::pwrite(writable().get(), "x", 1, 70'000), 1);
  EXPECT_NE(file_.stamp(), stamp);
  EXPECT_FALSE(file_.open_whole(stamp).valid());
}

TEST_F(WholeFile, WithAHoleIsNotOpened) {
  ASSERT_EQ(
      ::fallocate(writable().get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(kBlockBytes),
                  static_cast<off_t>(kBlockBytes)),
      0);
  EXPECT_FALSE(file_.open_whole(file_.stamp()).valid());
}

TEST_F(WholeFile, OpenedKeepsHolesFromBeingPunched) {
  const UniqueFd puncher = writable();
  {
    const UniqueFd whole = file_.open_whole(file_.stamp());
    ASSERT_TRUE(whole.valid());
    EXPECT_NE(::flock(puncher.get(), LOCK_EX | LOCK_NB), 0);
  }
  EXPECT_EQ(::flock(puncher.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_FALSE(file_.open_whole(file_.stamp()).valid()) << "it is at work";
}

TEST(CachedSourceWhole, IsThereOnceTheDigestWasFoundRightAndOverARestart) {
  const TemporaryDirectory dir;
  const std::string bytes = random_bytes(300'000, 1);
  {
    CacheWorld world(dir.path());
    world.network().add("http://origin/x", bytes);
    const auto source = world.cache().open(remote_of("http://origin/x", bytes));
    EXPECT_FALSE(source->open_whole().valid());
    EXPECT_EQ(read_range(*source, {0, 1000}).bytes, bytes.substr(0, 1000));
    EXPECT_FALSE(source->open_whole().valid()) << "incomplete";
    EXPECT_EQ(read_all(*source).bytes, bytes);
    world.cache().wait_until_idle();  // no read waits for the disk
    EXPECT_TRUE(source->open_whole().valid());
  }
  CacheWorld world(dir.path());
  const auto source = world.cache().open(remote_of("http://origin/x", bytes));
  EXPECT_TRUE(source->open_whole().valid());
}

TEST(CachedSourceWhole, IsNotThereWithoutADigest) {
  const TemporaryDirectory dir;
  const std::string bytes = random_bytes(300'000, 1);
  CacheWorld world(dir.path());
  world.network().add("http://origin/x", bytes);
  const auto source =
      world.cache().open(without_digest(remote_of("http://origin/x", bytes)));
  EXPECT_EQ(read_all(*source).bytes, bytes);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->file().complete());
  EXPECT_FALSE(source->open_whole().valid());
}

TEST(CachedSourceWhole, WrittenToSinceIsCheckedAgain) {
  const TemporaryDirectory dir;
  const std::string bytes = random_bytes(300'000, 1);
  const RemoteFile remote = remote_of("http://origin/x", bytes);
  {
    CacheWorld world(dir.path());
    world.network().add("http://origin/x", bytes);
    EXPECT_EQ(read_all(*world.cache().open(remote)).bytes, bytes);
  }
  const auto data = cache_paths(dir.path(), content_key(remote)).data;
  const UniqueFd writer(::open(data.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::pwrite(writer.get(), bytes.data(), 1, 0), 1);  // the same byte
  CacheWorld world(dir.path());
  const auto source = world.cache().open(remote);
  EXPECT_EQ(read_all(*source).bytes, bytes);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
  EXPECT_TRUE(source->open_whole().valid());
  EXPECT_EQ(world.counters().files_verified, 1U);
}

}  // namespace
}  // namespace omicsfs
