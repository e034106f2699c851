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

  void fill() {
    ASSERT_TRUE(file_.create());
    const std::vector<std::byte> bytes(kBlockBytes, std::byte{7});
    for (BlockIndex block = 0; block < kBlocks; ++block) {
      ASSERT_TRUE(
          file_.store({block, 1}, {{std::span<const std::byte>(bytes)}}));
    }
  }
  void execute(const char* statement) {
    auto database = Database::open(dir_.path() / "v1" / "index.sqlite",
                                   OpenMode::kReadWriteCreate);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(statement));
  }
};

TEST_F(FileSpaceTest, APunchThatThrowsLeavesTheExtentsToBeStoredInto) {
  fill();
  bool throws = true;
  FileSpace space(file_, &space_, [&throws] {
    if (throws) {
      throw std::bad_alloc();
    }
  });
  const std::array<ExtentIndex, 1> extents{1};
  EXPECT_THROW(static_cast<void>(space.punch(extents)), std::bad_alloc);
  EXPECT_TRUE(space.reserve(blocks_of_extent(1, kBlocks), Priority::kDemand));
  throws = false;
  EXPECT_GT(space.punch(extents), 0U);
  space.close();
}

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
  FileSpace space(file_, &space_, [] {});
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
  FileSpace space(file_, &space_, [] {});
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

}  // namespace
}  // namespace omicsfs
