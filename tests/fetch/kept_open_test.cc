// SPDX-License-Identifier: MIT
#include "fetch/kept_open.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/fetch/cache_world.h"

namespace omicsfs {
namespace {

TEST(MostKeptOpen, LeavesRoomForConnectionsAndKeepsAFew) {
  EXPECT_EQ(most_kept_open(0), 8U);
  EXPECT_EQ(most_kept_open(16), 8U);
  EXPECT_EQ(most_kept_open(256), 64U);
  EXPECT_EQ(most_kept_open(1024), 362U);
  EXPECT_EQ(most_kept_open(20'000), 4096U);
  EXPECT_EQ(most_kept_open(UINT64_MAX), 4096U);
}

TEST(IdleMark, AKeyStaysMarkedUntilTheLastOfItsMarksIsCleared) {
  const TemporaryDirectory dir;
  KeptOpen kept(dir.path(), 1);
  const auto one = kept.mark_of("key");
  auto other = kept.mark_of("key");
  one->set();
  one->set();  // counts once
  other->set();
  other->clear();
  EXPECT_TRUE(is_marked_idle(dir.path(), "key"));
  other->set();
  other.reset();
  EXPECT_TRUE(is_marked_idle(dir.path(), "key"));
  one->clear();
  EXPECT_FALSE(is_marked_idle(dir.path(), "key"));
}

TEST(IdleMark, AMarkMayOutliveThePoolThatGaveIt) {
  const TemporaryDirectory dir;
  auto kept = std::make_unique<KeptOpen>(dir.path(), 1);
  auto mark = kept->mark_of("key");
  mark->set();
  kept.reset();
  EXPECT_TRUE(is_marked_idle(dir.path(), "key"));
  mark.reset();
  EXPECT_FALSE(is_marked_idle(dir.path(), "key"));
}

class KeptOpenTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kFiles = 12;
  static constexpr std::size_t kKept = 3;

  KeptOpenTest() {
    FetchLimits limits;
    limits.kept_open = kKept;
    world_ = std::make_unique<CacheWorld>(
        dir_.path(), CacheLimits{CacheWorld::kPlenty, 0}, 0, limits);
    for (std::size_t i = 0; i < kFiles; ++i) {
      bytes_.push_back(random_bytes(100'000 + i, i));
      const std::string url = "http://origin/" + std::to_string(i);
      world_->network().add(url, bytes_[i]);
      remotes_.push_back(remote_of(url, bytes_[i]));
      sources_.push_back(world_->cache().open(remotes_[i]));
      EXPECT_TRUE(read_all(*sources_[i]).bytes == bytes_[i]);
      world_->cache().wait_until_idle();  // it is stored
    }
  }

  // Descriptors of cached files that this process has.
  [[nodiscard]] std::size_t descriptors() const {
    std::size_t count = 0;
    std::error_code gone;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      const auto target = std::filesystem::read_symlink(entry, gone).string();
      count += target.starts_with(dir_.path().string()) &&
                       (target.ends_with(".data") || target.ends_with(".map"))
                   ? 1
                   : 0;
    }
    return count;
  }
  void expect_all_right() {
    for (std::size_t i = 0; i < kFiles; ++i) {
      EXPECT_TRUE(read_all(*sources_[i]).bytes == bytes_[i]) << i;
    }
  }

  const TemporaryDirectory dir_;
  std::vector<std::string> bytes_;
  std::vector<RemoteFile> remotes_;
  std::unique_ptr<CacheWorld> world_;
  std::vector<std::shared_ptr<CachedSource>> sources_;
};

TEST_F(KeptOpenTest, ManyOpenFilesKeepFewDescriptorsAndReadFromTheCache) {
  EXPECT_LE(descriptors(), 2 * kKept);
  const std::size_t asked = world_->network().log().size();
  for (int round = 0; round < 3; ++round) {
    expect_all_right();
    EXPECT_LE(descriptors(), 2 * kKept);
  }
  EXPECT_EQ(world_->network().log().size(), asked);
}

TEST_F(KeptOpenTest, AFileThatEndsGivesItsDescriptorsBack) {
  sources_.clear();
  world_->cache().wait_until_idle();
  EXPECT_EQ(descriptors(), 0U);
}

TEST_F(KeptOpenTest, AClosedFileOfAnOpenSourceIsNotDeleted) {
  const std::string key = sources_[0]->file().key();
  ASSERT_TRUE(is_marked_idle(dir_.path(), key));
  EXPECT_FALSE(remove_cached(dir_.path(), key));
  EXPECT_TRUE(read_all(*sources_[0]).bytes == bytes_[0]);
  EXPECT_FALSE(remove_cached(dir_.path(), key)) << "it is open again";
  sources_[0].reset();
  world_->cache().wait_until_idle();
  EXPECT_FALSE(is_marked_idle(dir_.path(), key));
  EXPECT_TRUE(remove_cached(dir_.path(), key));
}

TEST_F(KeptOpenTest, AClosedFileThatSomebodyDeletedIsFetchedAgain) {
  std::filesystem::remove_all(dir_.path() / "v1" / "files");
  const std::size_t asked = world_->network().log().size();
  expect_all_right();
  EXPECT_GT(world_->network().log().size(), asked);
  world_->cache().wait_until_idle();
  expect_all_right();
}

// The kernel may give the number of a file that is gone to another one.
TEST_F(KeptOpenTest, AClosedFileThatAnotherTookThePlaceOfReadsRight) {
  for (const RemoteFile& remote : remotes_) {
    const CachePaths paths = cache_paths(dir_.path(), content_key(remote));
    std::filesystem::resize_file(paths.data, 0);
    std::filesystem::resize_file(paths.map, 0);
  }
  expect_all_right();
  world_->cache().wait_until_idle();
  expect_all_right();
}

}  // namespace
}  // namespace omicsfs
