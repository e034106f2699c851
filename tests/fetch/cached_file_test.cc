// SPDX-License-Identifier: MIT
#include "fetch/cached_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <array>
#include <atomic>
#include <fstream>
#include <span>
#include <thread>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/counters.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using Block = std::vector<std::byte>;

class CachedFileTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBlocks = 64;
  static constexpr std::uint64_t kSize = kBlocks * kBlockBytes - 100;

  const TemporaryDirectory dir_;
  Counters counters_;
  const RemoteFile remote_{{"http://origin/x"}, kSize, std::nullopt, "v1"};

  static std::size_t length(BlockIndex block) {
    return bytes_of({block, 1}, kSize).length;
  }
  static Block content(BlockIndex block) {
    return Block(length(block), static_cast<std::byte>(block + 1));
  }
  static void fill(CachedFile& file) {
    ASSERT_TRUE(file.create());
    for (BlockIndex block = 0; block < kBlocks; ++block) {
      ASSERT_TRUE(store(file, block));
    }
  }
  static bool store(CachedFile& file, BlockIndex block) {
    const Block bytes = content(block);
    return file.store({block, 1}, {{std::span<const std::byte>(bytes)}})
        .has_value();
  }
  static bool load(CachedFile& file, BlockIndex block, Block& out) {
    return file.load({block, 1}, out) == block + 1;
  }
  static bool loads(CachedFile& file, BlockIndex block) {
    Block out(length(block));
    return load(file, block, out) && out == content(block);
  }
  [[nodiscard]] UniqueFd open_data(const CachedFile& file) const {
    const auto path = cache_paths(dir_.path(), file.key()).data;
    return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
};

constexpr BlockRun kMiddle{16, 16};
constexpr BlockRun kEnd{48, 16};

TEST_F(CachedFileTest, PunchedBlocksAreAbsentAndTheirSpaceIsFree) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  const std::uint64_t before = file.disk_bytes();
  const std::array runs{kMiddle, kEnd};
  EXPECT_EQ(file.punch(runs), 32 * kBlockBytes);
  EXPECT_LE(file.disk_bytes() + 31 * kBlockBytes, before);
  EXPECT_FALSE(file.complete());
  for (BlockIndex block = 0; block < kBlocks; ++block) {
    const bool gone = (block >= 16 && block < 32) || block >= 48;
    EXPECT_EQ(file.present(block), !gone);
    EXPECT_EQ(loads(file, block), !gone);
  }
  EXPECT_EQ(file.punch(runs), 0U);
  EXPECT_EQ(counters_.blocks_damaged, 0U);
}

TEST_F(CachedFileTest, TheNextSessionFindsPunchedBlocksAbsent) {
  {
    CachedFile file(remote_, dir_.path(), counters_);
    fill(file);
    EXPECT_GT(file.punch(std::array{kMiddle}), 0U);
  }
  CachedFile file(remote_, dir_.path(), counters_);
  file.attach();
  EXPECT_EQ(file.present_bytes(), kSize - 16 * kBlockBytes);
  EXPECT_FALSE(loads(file, 16));
  ASSERT_TRUE(store(file, 16));
  EXPECT_TRUE(loads(file, 16));
  EXPECT_EQ(counters_.blocks_damaged, 0U);
}

// Changes one bit of the byte at `offset`.
void flip(const std::filesystem::path& path, std::streamoff offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const int byte = file.get();
  file.seekp(offset);
  file.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(file.good());
}

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

TEST_F(CachedFileTest, APunchByAnotherProcessIsSeenAndIsNoDamage) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  CachedFile other(remote_, dir_.path(), counters_);
  other.attach();
  EXPECT_TRUE(loads(other, 20));
  EXPECT_GT(file.punch(std::array{kMiddle}), 0U);
  EXPECT_FALSE(loads(other, 20));
  EXPECT_FALSE(other.present(20));
  ASSERT_TRUE(store(file, 20));
  ASSERT_TRUE(other.refresh({20, 1}));
  EXPECT_TRUE(loads(other, 20));
  EXPECT_EQ(counters_.blocks_damaged, 0U);
}

TEST_F(CachedFileTest, APunchOfWhatAnotherProcessHasPunchedFreesNothing) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  CachedFile other(remote_, dir_.path(), counters_);
  other.attach();
  EXPECT_EQ(file.punch(std::array{kMiddle}), 16 * kBlockBytes);
  ASSERT_TRUE(other.present(16));
  EXPECT_EQ(other.punch(std::array{kMiddle}), 0U);
  EXPECT_FALSE(other.present(16));
}

TEST_F(CachedFileTest, ABlockThatComesAgainMustBeTheOneThatWasVerified) {
  std::vector<std::uint32_t> crcs;
  for (BlockIndex block = 0; block < kBlocks; ++block) {
    crcs.push_back(crc32c(content(block)));
  }
  {
    CachedFile file(remote_, dir_.path(), counters_);
    fill(file);
    EXPECT_EQ(file.losses(), 0U);
    ASSERT_TRUE(file.seal(crcs));
    EXPECT_GT(file.punch(std::array{kMiddle}), 0U);
    EXPECT_GT(file.losses(), 0U);
  }
  CachedFile file(remote_, dir_.path(), counters_);
  file.attach();
  Block wrong = content(20);
  wrong[7] ^= std::byte{1};
  EXPECT_FALSE(file.may_be(20, wrong));
  EXPECT_TRUE(file.may_be(20, content(20)));
  const auto stored =
      file.store({20, 1}, {{std::span<const std::byte>(wrong)}});
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(file.present(20));
  EXPECT_TRUE(store(file, 20));
  EXPECT_TRUE(loads(file, 20));
}

// In some of the rounds the removal finds no file, and the file is made before
// the removal is over.
TEST_F(CachedFileTest, ABlockThatAnotherProcessSealedIsNotWrittenOver) {
  std::vector<std::uint32_t> crcs;
  for (BlockIndex block = 0; block < kBlocks; ++block) {
    crcs.push_back(crc32c(content(block)));
  }
  CachedFile late(remote_, dir_.path(), counters_);
  ASSERT_TRUE(late.create());
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  ASSERT_TRUE(file.seal(crcs));
  const Block wrong(length(20), std::byte{99});
  static_cast<void>(late.store({20, 1}, {{std::span<const std::byte>(wrong)}}));
  EXPECT_TRUE(loads(file, 20));
  EXPECT_EQ(counters_.blocks_damaged, 0U);
}

TEST_F(CachedFileTest, ARemovalTakesNoFileThatIsOpen) {
  constexpr int kRounds = 4000;
  std::atomic<int> lost{0};
  std::atomic<int> uncached{0};
  std::atomic<bool> ended{false};
  std::thread remover([&] {
    while (!ended) {
      static_cast<void>(remove_cached(dir_.path(), content_key(remote_)));
    }
  });
  for (int round = 0; round < kRounds; ++round) {
    CachedFile file(remote_, dir_.path(), counters_);
    if (!file.create()) {
      ++uncached;
      continue;
    }
    const auto paths = cache_paths(dir_.path(), file.key());
    const bool is_there = std::filesystem::exists(paths.data) &&
                          std::filesystem::exists(paths.map);
    lost += is_there ? 0 : 1;
  }
  ended = true;
  remover.join();
  EXPECT_EQ(lost, 0);
  EXPECT_LT(uncached, kRounds / 2);
}

TEST_F(CachedFileTest, ARemovalTakesAllFilesOfItsKey) {
  const auto paths = cache_paths(dir_.path(), content_key(remote_));
  {
    CachedFile file(remote_, dir_.path(), counters_);
    fill(file);
    std::ofstream(paths.points) << "checkpoints";
    EXPECT_FALSE(remove_cached(dir_.path(), file.key())) << "it is open";
    EXPECT_TRUE(std::filesystem::exists(paths.points));
  }
  EXPECT_TRUE(remove_cached(dir_.path(), content_key(remote_)));
  for (const auto& path : {paths.data, paths.map, paths.points}) {
    EXPECT_FALSE(std::filesystem::exists(path)) << path;
  }
  std::ofstream(paths.points) << "checkpoints";
  EXPECT_TRUE(remove_cached(dir_.path(), content_key(remote_)));
  EXPECT_FALSE(std::filesystem::exists(paths.points)) << "alone";
}

TEST_F(CachedFileTest, AFailedFileTakesNoneThatWasMadeMeanwhile) {
  CachedFile failed(remote_, dir_.path(), counters_);
  fill(failed);
  CachedFile other(remote_, dir_.path(), counters_);
  failed.remove();
  ASSERT_TRUE(other.create());
  failed.remove();
  EXPECT_TRUE(
      std::filesystem::exists(cache_paths(dir_.path(), other.key()).map));
}

// The punch falls between the other's write of the block and of its cell.
TEST_F(CachedFileTest, ABlockPunchedAsItWasStoredIsNoDamage) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  ASSERT_EQ(::fallocate(open_data(file).get(),
                        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        7 * kBlockBytes, kBlockBytes),
            0);
  EXPECT_FALSE(loads(file, 7));
  EXPECT_FALSE(file.present(7));
  EXPECT_EQ(counters_.blocks_damaged, 0U);
}

TEST_F(CachedFileTest, AFileThatSomebodyReadsAsItLiesIsNotPunched) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  {
    const UniqueFd reader = open_data(file);
    ASSERT_EQ(::flock(reader.get(), LOCK_SH | LOCK_NB), 0);
    EXPECT_EQ(file.punch(std::array{kMiddle}), 0U);
    EXPECT_TRUE(file.complete());
  }
  EXPECT_GT(file.punch(std::array{kMiddle}), 0U);
  // And a punch leaves no lock behind.
  const UniqueFd reader = open_data(file);
  EXPECT_EQ(::flock(reader.get(), LOCK_SH | LOCK_NB), 0);
}

TEST_F(CachedFileTest, BytesThatRotAreDamageStill) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  const Block rot(1, std::byte{0});
  ASSERT_EQ(::pwrite(open_data(file).get(), rot.data(), 1, 5 * kBlockBytes), 1);
  EXPECT_FALSE(loads(file, 5));
  EXPECT_EQ(counters_.blocks_damaged, 1U);
  EXPECT_FALSE(file.present(5));
}

// Readers see a block's own bytes or that it is absent, whatever comes and
// goes beneath them.
TEST_F(CachedFileTest, ReadersUnderPunchesAndStoresSeeRightBytesOrNone) {
  CachedFile file(remote_, dir_.path(), counters_);
  fill(file);
  std::atomic<bool> ended{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      Block out(kBlockBytes);
      while (!ended) {
        for (BlockIndex block = 16; block < 32; ++block) {
          wrong += load(file, block, out) && out != content(block) ? 1 : 0;
        }
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    file.punch(std::array{kMiddle});
    for (BlockIndex block = 16; block < 32; ++block) {
      ASSERT_TRUE(store(file, block));
    }
  }
  ended = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  for (BlockIndex block = 16; block < 32; ++block) {
    EXPECT_TRUE(loads(file, block));
  }
}

}  // namespace
}  // namespace omicsfs
