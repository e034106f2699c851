// SPDX-License-Identifier: MIT
//
// Of which versions the blocks of a cached file are, as all who store blocks
// agree on it.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/kept_open.h"
#include "tests/fetch/cached_file_fixture.h"

namespace omicsfs {
namespace {

// Both have made the file before either knows a version.
TEST_F(CachedFileTest, PinsOfAnotherProcessAreKeptBesideOurs) {
  CachedFile file(remote_, dir_.path(), counters_);
  CachedFile other(remote_, dir_.path(), counters_);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(other.create());
  ASSERT_TRUE(file.pin()->note("http://a/f", {"\"1\"", ""}));
  ASSERT_TRUE(other.pin()->note("http://b/f", {"\"2\"", ""}));
  ASSERT_TRUE(store(file, 0));
  ASSERT_TRUE(store(other, 1));
  CachedFile next(remote_, dir_.path(), counters_);
  next.attach();
  EXPECT_EQ(next.pin()->expected("http://a/f").etag, "\"1\"");
  EXPECT_EQ(next.pin()->expected("http://b/f").etag, "\"2\"");
}

TEST_F(CachedFileTest, BlocksOfTwoVersionsAreNeitherStoredNorTakenTogether) {
  CachedFile file(remote_, dir_.path(), counters_);
  CachedFile other(remote_, dir_.path(), counters_);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(other.create());
  ASSERT_TRUE(file.pin()->note("http://a/f", {"\"1\"", ""}));
  ASSERT_TRUE(other.pin()->note("http://a/f", {"\"2\"", ""}));
  ASSERT_TRUE(store(file, 0));
  const auto taken = other.refresh({0, 1});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kChanged);
  EXPECT_FALSE(other.present(0));
  EXPECT_FALSE(store(other, 1));
  EXPECT_TRUE(file.refresh({1, 1}));
  EXPECT_FALSE(file.present(1));
}

// What tells the versions apart may be of any length.
TEST_F(CachedFileTest, TheNextSessionKnowsTheVersionOfEveryBlock) {
  const std::string far(5000, 'x');
  const std::vector<std::pair<std::string, Validator>> pins{
      {"http://a/" + far, {"\"1\"", ""}},
      {"http://a/f", {"\"" + far + "\"", ""}},
      {"http://a/f", {"\"1\t1\"", ""}},
      {"http://a/f", {"", "Sat, 21 Nov 2026 06:00:00 GMT\t"}}};
  for (const auto& [place, version] : pins) {
    const TemporaryDirectory dir;
    {
      CachedFile file(remote_, dir.path(), counters_);
      ASSERT_TRUE(file.create());
      ASSERT_TRUE(file.pin()->note(place, version));
      ASSERT_TRUE(store(file, 0));
    }
    CachedFile next(remote_, dir.path(), counters_);
    next.attach();
    EXPECT_TRUE(next.present(0));
    EXPECT_TRUE(next.pin()->note(place, version));
    EXPECT_FALSE(next.pin()->note(place, {"\"2\"", "2"})) << place.size();
  }
}

// It may differ elsewhere than in the first.
TEST_F(CachedFileTest, TheNextSessionKnowsBytesOfAllItsBlocksAndTheirAge) {
  std::int64_t since = 0;
  {
    CachedFile file(remote_, dir_.path(), counters_);
    since = file.pin()->since();
    ASSERT_TRUE(file.create());
    ASSERT_TRUE(file.pin()->merge({{"http://a/f", {"\"1\"", ""}}}, since - 99));
    for (const BlockIndex block : {3U, 4U, 30U, 60U, 61U}) {
      ASSERT_TRUE(store(file, block));
    }
  }
  CachedFile next(remote_, dir_.path(), counters_);
  next.attach();
  EXPECT_EQ(next.pin()->since(), since - 99);
  const auto samples = next.pin()->samples();
  ASSERT_EQ(samples.size(), 3U);
  for (const auto& [at, block] : {std::pair{0, 3U}, {1, 30U}, {2, 61U}}) {
    EXPECT_EQ(samples[at].range, bytes_of({block, 1}, kSize));
    EXPECT_EQ(samples[at].crc, crc32c(content(block)));
  }
}

TEST_F(CachedFileTest, BlocksOfAnotherProcessAreKnownBytes) {
  CachedFile file(remote_, dir_.path(), counters_);
  CachedFile other(remote_, dir_.path(), counters_);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(other.create());
  ASSERT_TRUE(store(file, 5));
  ASSERT_TRUE(other.refresh({5, 2}));
  ASSERT_EQ(other.pin()->samples().size(), 1U);
  EXPECT_EQ(other.pin()->samples().front().crc, crc32c(content(5)));
}

// Those that its maker has met are of no block that is in it.
TEST_F(CachedFileTest, AFileWithoutBlocksHasNoPins) {
  CachedFile maker(remote_, dir_.path(), counters_);
  ASSERT_TRUE(maker.pin()->note("http://a/f", {"\"bad\"", ""}));
  ASSERT_TRUE(maker.create());
  CachedFile next(remote_, dir_.path(), counters_);
  next.attach();
  EXPECT_TRUE(next.is_created());
  EXPECT_TRUE(next.pin()->note("http://a/f", {"\"good\"", ""}));
}

// It was found wrong; whoever begins anew must not meet its versions.
TEST_F(CachedFileTest, ADroppedFileNeitherMakesNorTouchesItsSuccessor) {
  KeptOpen kept(dir_.path(), 8);
  CachedFile dropped(remote_, dir_.path(), counters_, &kept);
  ASSERT_TRUE(dropped.create());
  ASSERT_TRUE(dropped.pin()->note("http://a/f", {"\"bad\"", ""}));
  ASSERT_TRUE(store(dropped, 0));
  dropped.remove();
  kept.close_all();
  const auto map = cache_paths(dir_.path(), dropped.key()).map;
  EXPECT_FALSE(dropped.create());
  EXPECT_FALSE(std::filesystem::exists(map));
  {
    CachedFile successor(remote_, dir_.path(), counters_);
    successor.attach();
    ASSERT_TRUE(successor.create());
    ASSERT_TRUE(successor.pin()->note("http://a/f", {"\"good\"", ""}));
    EXPECT_FALSE(store(dropped, 1));
    EXPECT_FALSE(successor.refresh({1, 1}) && successor.present(1));
    ASSERT_TRUE(store(successor, 0));
  }
  dropped.remove();
  EXPECT_TRUE(std::filesystem::exists(map));
}

// Somebody has deleted it while it was closed, and another has made it.
TEST_F(CachedFileTest, AFileThatWasMadeAnewGetsOurPinsBeforeOurBlocks) {
  KeptOpen kept(dir_.path(), 8);
  CachedFile file(remote_, dir_.path(), counters_, &kept);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(file.pin()->note("http://a/f", {"\"1\"", ""}));
  ASSERT_TRUE(store(file, 0));
  kept.close_all();
  const auto paths = cache_paths(dir_.path(), file.key());
  std::filesystem::remove(paths.map);
  std::filesystem::remove(paths.data);
  CachedFile other(remote_, dir_.path(), counters_);
  ASSERT_TRUE(other.create());
  ASSERT_TRUE(store(file, 1));
  const auto taken = other.refresh({1, 1});
  ASSERT_TRUE(taken);
  EXPECT_TRUE(other.present(1));
  EXPECT_EQ(other.pin()->expected("http://a/f").etag, "\"1\"");
}

TEST_F(CachedFileTest, NoBlockIsStoredUnderADamagedHeader) {
  CachedFile file(remote_, dir_.path(), counters_);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(file.pin()->note("http://a/f", {"\"1\"", ""}));
  ASSERT_TRUE(store(file, 0));
  flip(cache_paths(dir_.path(), file.key()).map, 40);
  ASSERT_TRUE(file.pin()->note("http://b/f", {"\"2\"", ""}));
  EXPECT_FALSE(store(file, 1));
  EXPECT_FALSE(file.present(1));
}

TEST_F(CachedFileTest, BlocksUnderAHeaderThatIsTornAreTakenOnceItIsWhole) {
  CachedFile file(remote_, dir_.path(), counters_);
  CachedFile other(remote_, dir_.path(), counters_);
  ASSERT_TRUE(file.create());
  ASSERT_TRUE(other.create());
  ASSERT_TRUE(file.pin()->note("http://a/f", {"\"1\"", ""}));
  ASSERT_TRUE(store(file, 0));
  const auto tear = [&] {  // and, the second time, mend
    flip(cache_paths(dir_.path(), file.key()).map, 40);
  };
  tear();
  EXPECT_TRUE(other.refresh({0, 1}));
  EXPECT_FALSE(other.present(0));
  tear();
  EXPECT_TRUE(other.refresh({0, 1}));
  EXPECT_TRUE(loads(other, 0));
  EXPECT_EQ(other.pin()->expected("http://a/f").etag, "\"1\"");
}

}  // namespace
}  // namespace omicsfs
