// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "fs/file_system.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/fetch/cache_world.h"
#include "tests/fs/fake_kernel.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

// A file of a kilobyte, over a fake network.
class ReopenedFile : public ::testing::Test {
 protected:
  static constexpr char kUrl[] = "https://h/file";

  // Publishes a file with the digest of `published`, and serves `served`.
  void serve(const std::string& published, const std::string& served) {
    world_.network().add(kUrl, served);
    const auto snapshot =
        composed_snapshot(dir_.path() / "s", [&](TreeBuilder& tree) {
          ASSERT_TRUE(tree.add_file("file", remote_of(kUrl, published), 0));
        });
    ASSERT_NE(snapshot, nullptr);
    files_ = std::make_unique<FileSystem>(
        std::vector<MountedSource>{{"test", snapshot}}, world_.cache(), Owner{},
        &passthrough_);
  }

  // Opens and closes the file. Returns whether its pages may be kept.
  [[nodiscard]] bool keeps_pages() {
    const auto opened = files_->open(inode());
    EXPECT_TRUE(opened);
    const bool keeps = opened->keep_pages;
    files_->release(opened->handle);
    return keeps;
  }

  // Opens and closes the file once it is on disk. Returns whether the kernel is
  // to read it past us.
  [[nodiscard]] bool is_passed_through() {
    world_.cache().wait_until_idle();
    const auto opened = files_->open(inode());
    EXPECT_TRUE(opened);
    const bool passed = opened->backing.has_value();
    files_->release(opened->handle);
    return passed;
  }
  // From now on the server has `served`, and nothing of before is still on its
  // way to the disk.
  void replace(const std::string& served) {
    world_.cache().wait_until_idle();
    world_.network().add(kUrl, served, "\"v2\"");
  }

  // The error of a read of the whole file, if there is one.
  [[nodiscard]] std::optional<ErrorCode> read_error() {
    const auto opened = files_->open(inode());
    EXPECT_TRUE(opened);
    std::string bytes(bytes_.size(), '\0');
    const auto read = FileSystem::read(
        opened->handle, 0, std::as_writable_bytes(std::span(bytes)), patient());
    files_->release(opened->handle);
    return read ? std::nullopt : std::optional(read.error().code);
  }

  const std::string bytes_ = random_bytes(1000, 1);

 private:
  [[nodiscard]] Inode inode() const {
    const auto file = files_->lookup(kRootInode, "file");
    EXPECT_TRUE(file);
    return file->st_ino;
  }

  TemporaryDirectory dir_;
  CacheWorld world_{dir_.path() / "cache"};
  FakeKernel kernel_;
  Counters counters_;
  Passthrough passthrough_{kernel_, counters_};
  std::unique_ptr<FileSystem> files_;
};

TEST_F(ReopenedFile, KeepsItsPages) {
  serve(bytes_, bytes_);
  EXPECT_EQ(read_error(), std::nullopt);
  EXPECT_TRUE(keeps_pages());
}

TEST_F(ReopenedFile, DropsThePagesOfBytesThatHadAWrongDigest) {
  serve(bytes_, random_bytes(1000, 2));
  EXPECT_EQ(read_error(), ErrorCode::kCorrupt);
  EXPECT_FALSE(keeps_pages());
}

TEST_F(ReopenedFile, IsPassedThroughOnceItIsVerified) {
  serve(bytes_, bytes_);
  EXPECT_EQ(read_error(), std::nullopt);
  EXPECT_TRUE(is_passed_through());
}

// The kernel drops pages only where it asks us for the bytes.
TEST_F(ReopenedFile, IsNotPassedThroughWhileThePagesOfWrongBytesMayBeThere) {
  serve(bytes_, random_bytes(1000, 2));
  EXPECT_EQ(read_error(), ErrorCode::kCorrupt);
  replace(bytes_);
  EXPECT_EQ(read_error(), std::nullopt);
  EXPECT_FALSE(is_passed_through());
  EXPECT_FALSE(keeps_pages());
}

}  // namespace
}  // namespace omicsfs
