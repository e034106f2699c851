// SPDX-License-Identifier: MIT
#include "fetch/file_space.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "catalog/sqlite.h"
#include "fetch/cache_index.h"
#include "fetch/cache_space.h"
#include "fetch/cached_file.h"
#include "fetch/counters.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

class FileSpaceTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBlocks = 64;

  const TemporaryDirectory dir_;
  Counters counters_;
  const RemoteFile remote_{
      {"http://origin/x"}, kBlocks* kBlockBytes, std::nullopt, "v1"};
  std::unique_ptr<CacheIndex> index_ = *CacheIndex::open(dir_.path());
  std::function<OpenSpaces()> open_files_ = [] { return OpenSpaces(); };
  CacheSpace space_{
      dir_.path(), {std::uint64_t{1} << 40, 0}, *index_, counters_, [this] {
        return open_files_();
      }};
  CachedFile file_{remote_, dir_.path(), counters_};

  void fill() { fill(file_); }
  static void fill(CachedFile& file) {
    ASSERT_TRUE(file.create());
    const std::vector<std::byte> bytes(kBlockBytes, std::byte{7});
    for (BlockIndex block = 0; block < kBlocks; ++block) {
      ASSERT_TRUE(
          file.store({block, 1}, {{std::span<const std::byte>(bytes)}}));
    }
  }
  void execute(const char* statement) {
    auto database = Database::open(dir_.path() / "v1" / "index.sqlite",
                                   OpenMode::kReadWriteCreate);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(statement));
  }
};

TEST_F(FileSpaceTest, AnEvictionThatThrowsLetsTheNextOneRun) {
  int looks = 0;
  open_files_ = [&looks]() -> OpenSpaces {
    if (++looks == 1) {
      throw std::bad_alloc();
    }
    return {};
  };
  EXPECT_THROW(space_.make_room(1), std::bad_alloc);
  space_.make_room(1);
  EXPECT_EQ(looks, 2);
}

TEST_F(FileSpaceTest, WhatAFailedChargeWasToReturnIsReturnedByTheNext) {
  FileSpace space(file_, &space_);
  ASSERT_TRUE(space.reserve({0, 8}, Priority::kDemand));  // and written
  ASSERT_GT(index_->shares()->granted, 0U);
  execute("ALTER TABLE grants RENAME TO hidden");
  EXPECT_FALSE(space.reserve({0, kBlocks}, Priority::kDemand));
  space.return_idle();
  execute("ALTER TABLE hidden RENAME TO grants");
  space.close();
  EXPECT_EQ(index_->shares()->granted, 0U);
}

TEST_F(FileSpaceTest, AFileThatIsJustBeingOpenedLosesNothing) {
  fill();
  FileSpace space(file_, &space_);
  const auto surveyed = [&space, this] {
    SpaceSurvey survey{Priority::kDemand, space_.now(), OldestVictims(99),
                       OldestVictims(99), OldestVictims(99)};
    space.survey(survey, 0, FileSpace::Asker::kOther);
    return survey.cold.take().oldest_first.size();
  };
  EXPECT_EQ(surveyed(), 0U);
  space.attach();
  EXPECT_EQ(surveyed(), extent_count(kBlocks));
  space.close();
}

// The older file's blocks are chosen first, as this process knows of no punch.
TEST_F(FileSpaceTest, AnEvictionGoesOnIfAnotherProcessWasFaster) {
  fill();
  CachedFile younger(
      {{"http://origin/y"}, file_.remote().size, std::nullopt, ""}, dir_.path(),
      counters_);
  fill(younger);
  const auto space = std::make_shared<FileSpace>(file_, &space_);
  const auto next = std::make_shared<FileSpace>(younger, &space_);
  open_files_ = [&] { return OpenSpaces{space, next}; };
  space->attach();
  next->attach();
  space->touch({0, kBlocks}, Touch::kFetched);
  next->touch({0, kBlocks}, Touch::kFetched);
  CachedFile other(remote_, dir_.path(), counters_);
  other.attach();
  ASSERT_EQ(other.punch(std::array{BlockRun{0, kBlocks}}),
            kBlocks * kBlockBytes);
  const std::uint64_t before = younger.disk_bytes();
  space_.make_room(kExtentBlocks * kBlockBytes);
  EXPECT_LE(younger.disk_bytes() + kExtentBlocks * kBlockBytes, before + 4096);
  space->close();
  next->close();
}

}  // namespace
}  // namespace omicsfs
