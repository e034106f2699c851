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
#include "tests/fetch/cached_file_fixture.h"

namespace omicsfs {
namespace {

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
