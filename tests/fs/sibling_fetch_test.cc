// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>

#include "fs/file_system.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

// Directory "d" with files of the given sizes, by name, over a fake network.
class SiblingFetchTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSmall = 2000;

  void serve(const std::map<std::string, std::uint64_t>& sizes) {
    const auto snapshot =
        composed_snapshot(dir_.path() / "s", [&](TreeBuilder& tree) {
          for (const auto& [name, size] : sizes) {
            ASSERT_TRUE(
                tree.add_file("d/" + name, remote_file_named(name, size), 0));
            world_.network().add("https://h/" + name, random_bytes(size, 1));
          }
        });
    ASSERT_NE(snapshot, nullptr);
    files_ = std::make_unique<FileSystem>(
        std::vector<MountedSource>{{"test", snapshot}}, world_.cache(),
        Owner{});
  }

  static std::string name_of(int file) {
    return "f" + std::to_string(100 + file);
  }

  // Opens, reads whole and closes.
  void read(const std::string& name) {
    const auto directory = files_->lookup(kRootInode, "d");
    ASSERT_TRUE(directory);
    const auto file = files_->lookup(directory->st_ino, name);
    ASSERT_TRUE(file);
    const auto opened = files_->open(file->st_ino);
    ASSERT_TRUE(opened);
    std::string bytes(static_cast<std::size_t>(file->st_size), '\0');
    const auto read = FileSystem::read(
        opened->handle, 0, std::as_writable_bytes(std::span(bytes)), patient());
    ASSERT_TRUE(read);
    EXPECT_EQ(bytes, random_bytes(bytes.size(), 1));
    files_->release(opened->handle);
  }

  // Requests by file name.
  [[nodiscard]] std::map<std::string, int> requests() {
    std::map<std::string, int> counts;
    for (const auto& entry : world_.network().log()) {
      ++counts[entry.url.substr(entry.url.rfind('/') + 1)];
    }
    return counts;
  }

  TemporaryDirectory dir_;
  CacheWorld world_{dir_.path() / "cache"};
  std::unique_ptr<FileSystem> files_;
};

TEST_F(SiblingFetchTest, TheThirdFileInOrderBringsTheNextFour) {
  std::map<std::string, std::uint64_t> sizes;
  for (int file = 0; file < 40; ++file) {
    sizes[name_of(file)] = kSmall;
  }
  serve(sizes);
  read(name_of(0));
  read(name_of(1));
  EXPECT_EQ(world_.network().requests(), 2U);
  read(name_of(2));
  world_.network().wait_for_requests(7);
  EXPECT_EQ(requests().count(name_of(6)), 1U);
  EXPECT_EQ(requests().count(name_of(7)), 0U);
}

TEST_F(SiblingFetchTest, EachFileIsAskedForOnce) {
  std::map<std::string, std::uint64_t> sizes;
  for (int file = 0; file < 40; ++file) {
    sizes[name_of(file)] = kSmall;
  }
  serve(sizes);
  for (const auto& [name, size] : sizes) {
    read(name);
  }
  for (const auto& [name, count] : requests()) {
    EXPECT_EQ(count, 1) << name;
  }
  EXPECT_EQ(requests().size(), sizes.size());
}

TEST_F(SiblingFetchTest, LargeFilesAreLeftAlone) {
  serve({{"a", kSmall},
         {"b", kSmall},
         {"c", kSmall},
         {"d", (1 << 20) + 1},
         {"e", 1 << 20},
         {"f", 0}});
  read("a");
  read("b");
  read("c");
  world_.network().wait_for_requests(4);
  EXPECT_EQ(requests(), (std::map<std::string, int>{
                            {"a", 1}, {"b", 1}, {"c", 1}, {"e", 1}}));
}

TEST_F(SiblingFetchTest, OpensInNoOrderBringNothing) {
  std::map<std::string, std::uint64_t> sizes;
  for (int file = 0; file < 40; ++file) {
    sizes[name_of(file)] = kSmall;
  }
  serve(sizes);
  for (const int file : {30, 20, 10, 0, 39}) {
    read(name_of(file));
  }
  EXPECT_EQ(world_.network().requests(), 5U);
}

}  // namespace
}  // namespace omicsfs
