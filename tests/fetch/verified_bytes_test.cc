// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "catalog/crc32c.h"
#include "fetch/block_map.h"
#include "fetch/file_stamp.h"
#include "tests/fetch/cache_world.h"

// Which bytes count as those of a digest: only what was checked, and only as
// long as nothing of it was lost.

namespace omicsfs {
namespace {

const std::string kGood = "http://good/file";
const std::string kEvil = "http://evil/file";

class VerifiedBytes : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBlocks = 100;  // over 4 MiB: checked later
  static constexpr std::uint64_t kSize = kBlocks * kBlockBytes - 99;

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(kSize, 1);
  const RemoteFile good_ = remote_of(kGood, bytes_);
  const RemoteFile evil_ = remote_of(kEvil, bytes_);

  // As `world` has it, once the file is verified.
  std::shared_ptr<CachedSource> verified(CacheWorld& world,
                                         const RemoteFile& file) const {
    world.network().add(file.urls.front(), bytes_);
    auto source = world.cache().open(file);
    EXPECT_EQ(read_all(*source).bytes == bytes_, true);
    world.cache().wait_until_idle();
    EXPECT_TRUE(source->verified());
    return source;
  }
  void fill_by(const RemoteFile& file) const {
    CacheWorld world(dir_.path());
    verified(world, file);
  }
  [[nodiscard]] std::string with_a_wrong_bit(std::uint64_t at) const {
    std::string wrong = bytes_;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    return wrong;
  }
  [[nodiscard]] std::filesystem::path data_of(const RemoteFile& file) const {
    return cache_paths(dir_.path(), content_key(file)).data;
  }
  static void damage(const std::filesystem::path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
    ASSERT_TRUE(file.good());
  }
};

TEST_F(VerifiedBytes, AnotherServersBytesAreNotSharedByTheDigestAlone) {
  const std::string other = random_bytes(kSize, 2);
  {
    CacheWorld world(dir_.path());
    world.network().add(kEvil, other);
    const auto source = world.cache().open(evil_);
    ASSERT_EQ(read_range(*source, {0, 10}).bytes, other.substr(0, 10));
    world.cache().wait_until_idle();
  }
  CacheWorld world(dir_.path());
  world.network().add(kEvil, other);
  world.network().add(kGood, bytes_);
  const auto evil = world.cache().open(evil_);
  const auto good = world.cache().open(good_);
  EXPECT_NE(evil, good);
  EXPECT_EQ(read_range(*evil, {0, 10}).bytes, other.substr(0, 10));
  EXPECT_TRUE(read_all(*good).bytes == bytes_);
  // Its own server's bytes, or an error once their digest was found wrong.
  for (const ByteRange range : {ByteRange{0, kSize}, ByteRange{kSize - 1, 1}}) {
    const auto outcome = read_range(*evil, range);
    EXPECT_TRUE(outcome.error ||
                outcome.bytes == other.substr(range.offset, range.length));
  }
  world.cache().wait_until_idle();
  EXPECT_TRUE(good->verified());
  EXPECT_FALSE(evil->verified());
  EXPECT_FALSE(world.cache().was_dropped(content_key(good_)));
}

TEST_F(VerifiedBytes, BytesThatWereCheckedServeOtherServersFilesToo) {
  fill_by(good_);
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(evil_);
  EXPECT_TRUE(read_all(*source).bytes == bytes_);
  EXPECT_EQ(world.network().requests(), 0U);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
  EXPECT_EQ(world.cache().state(evil_).cached_bytes, kSize);
}

TEST_F(VerifiedBytes, TwoReleasesOfOneServerShareWhatNobodyHasChecked) {
  const RemoteFile other_release = remote_of("http://good/2/file", bytes_);
  CacheWorld world(dir_.path());
  world.network().add(kGood, bytes_);
  ASSERT_FALSE(read_range(*world.cache().open(good_), {0, 1}).error);
  world.cache().wait_until_idle();
  const auto again = world.cache().open(other_release);
  EXPECT_EQ(read_range(*again, {5, 5}).bytes, bytes_.substr(5, 5));
  EXPECT_EQ(world.network().log().back().url, kGood);
}

// A checksum is easily forged: what a server sends again for a file that others
// borrow is not theirs.
TEST_F(VerifiedBytes, ABorrowedFileHasNoBlockThatItsServerSentAgain) {
  fill_by(evil_);
  CacheWorld lender(dir_.path());
  lender.network().add(kEvil, bytes_);
  const auto lent = lender.cache().open(evil_);
  CacheWorld world(dir_.path());
  world.network().add(kGood, bytes_);
  const auto source = world.cache().open(good_);
  ASSERT_TRUE(source->file().is_borrowed());
  ASSERT_TRUE(read_range(*source, {0, 1}).bytes == bytes_.substr(0, 1));
  EXPECT_EQ(world.network().requests(), 0U);
  const std::array<ExtentIndex, 1> first{0};
  ASSERT_GT(lent->space().punch(first), 0U);
  ASSERT_FALSE(read_range(*lent, {0, 1}).error);
  lender.cache().wait_until_idle();
  ASSERT_TRUE(lent->file().present(0));
  EXPECT_EQ(read_range(*source, {0, 1}).bytes, bytes_.substr(0, 1));
  EXPECT_EQ(world.network().requests(), 1U);
  EXPECT_FALSE(source->verified());
}

TEST_F(VerifiedBytes, AnEvictedFileIsLentNoMore) {
  fill_by(good_);
  EXPECT_TRUE(remove_cached(dir_.path(), content_key(good_)));
  EXPECT_EQ(shared_key(dir_.path(), verified_key(good_)), "");
  fill_by(evil_);
  EXPECT_EQ(shared_key(dir_.path(), verified_key(good_)), content_key(evil_));
}

TEST_F(VerifiedBytes, AWrongBitInABlockThatIsFetchedAgainReachesNoReader) {
  fill_by(good_);
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(good_);
  world.cache().wait_until_idle();
  ASSERT_TRUE(source->verified());
  damage(data_of(good_), 3 * kBlockBytes + 5);
  world.network().add(kGood, with_a_wrong_bit(3 * kBlockBytes + 9));
  const auto outcome = read_range(*source, {3 * kBlockBytes, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
  EXPECT_EQ(world.network().requests(), 2U);
  EXPECT_FALSE(source->verified());
  EXPECT_FALSE(world.cache().state(good_).verified);
  // And the right bytes are taken.
  world.network().add(kGood, bytes_);
  EXPECT_TRUE(read_all(*source).bytes == bytes_);
  world.cache().wait_until_idle();
  EXPECT_TRUE(source->verified());
}

TEST_F(VerifiedBytes, ABitTurnedOnItsWayIsFetchedOnceMore) {
  fill_by(good_);
  CacheWorld world(dir_.path());
  world.network().add(kGood, bytes_);
  const auto source = world.cache().open(good_);
  damage(data_of(good_), 5);
  world.network().fail_nth(1, {.what = FakeFault::What::kFlipByte, .bytes = 7});
  EXPECT_EQ(read_range(*source, {0, 100}).bytes, bytes_.substr(0, 100));
  EXPECT_EQ(world.network().requests(), 2U);
}

TEST_F(VerifiedBytes, AFileThatLostABlockIsNotVerifiedUntilItIsCheckedAgain) {
  fill_by(good_);
  {
    CacheWorld world(dir_.path());
    const auto source = world.cache().open(good_);
    world.cache().wait_until_idle();
    ASSERT_TRUE(source->verified());
    damage(data_of(good_), 5);
    EXPECT_TRUE(read_range(*source, {0, 1}).error);
    EXPECT_FALSE(source->verified());
    world.cache().wait_until_idle();
  }
  const auto index = CacheIndex::open(dir_.path());
  ASSERT_TRUE(index);
  EXPECT_EQ(*(*index)->verified_stamp(content_key(good_)), 0U);
}

TEST_F(VerifiedBytes, AFileThatSomebodyWroteToIsNoLongerVerified) {
  fill_by(good_);
  damage(data_of(good_), 3 * kBlockBytes);
  // So that no coarse clock hides the write.
  std::filesystem::last_write_time(data_of(good_), {});
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(good_);
  world.cache().wait_until_idle();
  EXPECT_FALSE(source->verified());
}

TEST_F(VerifiedBytes, WhatEvictionTookMustComeAgainAsItWas) {
  fill_by(good_);
  const std::array<ExtentIndex, 1> second{1};
  {
    CacheWorld world(dir_.path());
    ASSERT_GT(world.cache().open(good_)->space().punch(second), 0U);
  }
  CacheWorld world(dir_.path());
  const std::uint64_t at = kExtentBlocks * kBlockBytes;
  world.network().add(kGood, with_a_wrong_bit(at + 1));
  const auto source = world.cache().open(good_);
  const auto outcome = read_range(*source, {at, 10});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
  world.network().add(kGood, bytes_);
  EXPECT_EQ(read_range(*source, {at, 10}).bytes, bytes_.substr(at, 10));
}

// The files of a version whose keys named no server.
class EarlierCache : public VerifiedBytes {
 protected:
  void make_earlier() {
    fill_by(good_);
    const std::string key = verified_key(good_);
    const CachePaths from = cache_paths(dir_.path(), content_key(good_));
    const CachePaths to = cache_paths(dir_.path(), key);
    std::filesystem::rename(from.data, to.data);
    std::filesystem::rename(from.map, to.map);
    for (const auto& entry :
         std::filesystem::directory_iterator(to.map.parent_path())) {
      if (entry.is_symlink()) {
        std::filesystem::remove(entry);
      }
    }
    std::fstream map(to.map, std::ios::in | std::ios::out | std::ios::binary);
    map.seekp(kMapHeaderBytes);
    for (BlockIndex block = 0; block < kBlocks; ++block) {
      const ByteRange range = bytes_of({block, 1}, kSize);
      const std::uint64_t cell = make_cell(
          CellState::kPresent, crc32c(std::as_bytes(std::span(bytes_).subspan(
                                   range.offset, range.length))));
      map.write(reinterpret_cast<const char*>(&cell), sizeof cell);
    }
    // The rename has changed the file's stamp.
    struct stat facts {};
    ASSERT_EQ(::stat(to.data.c_str(), &facts), 0);
    stamp_ = stamp_of(facts);
    auto index = CacheIndex::open(dir_.path());
    ASSERT_TRUE(
        (*index)->charge({key, kSize, 1}, {}, {std::uint64_t{1} << 40, 0}));
    ASSERT_TRUE((*index)->forget(content_key(good_)));
  }
  void note_stamp(std::uint64_t stamp) const {
    auto index = CacheIndex::open(dir_.path());
    ASSERT_TRUE((*index)->set_verified(verified_key(good_), stamp));
  }

  std::uint64_t stamp_ = 0;
};

TEST_F(EarlierCache, AWholeFileThatWasVerifiedIsStillUsed) {
  make_earlier();
  note_stamp(stamp_);
  CacheWorld world(dir_.path());
  const auto source = world.cache().open(good_);
  EXPECT_TRUE(read_all(*source).bytes == bytes_);
  EXPECT_EQ(world.network().requests(), 0U);
  EXPECT_TRUE(source->verified());
  const auto other = world.cache().open(evil_);
  EXPECT_TRUE(read_all(*other).bytes == bytes_);
  EXPECT_EQ(world.network().requests(), 0U);
}

TEST_F(EarlierCache, AFileThatNobodyVerifiedIsNotUsed) {
  make_earlier();
  note_stamp(stamp_ + 1);
  CacheWorld world(dir_.path());
  world.network().add(kGood, bytes_);
  const auto source = world.cache().open(good_);
  EXPECT_FALSE(read_range(*source, {0, 1}).error);
  EXPECT_EQ(world.network().requests(), 1U);
}

}  // namespace
}  // namespace omicsfs
