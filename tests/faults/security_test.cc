// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <filesystem>

#include "fs/confinement.h"
#include "tests/faults/faulty_mount.h"

// What SECURITY.md promises of a mount.

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

class Security : public FaultyMount {};

TEST_F(Security, WhatIsKeptIsReadByItsUserAlone) {
  expect_right(small());
  for (const char* kept : {"cache", "state"}) {
    const stdfs::path top = mount_.directory() / kept;
    std::vector<stdfs::path> paths = {top};
    for (const auto& entry : stdfs::recursive_directory_iterator(top)) {
      paths.push_back(entry.path());
    }
    EXPECT_GT(paths.size(), 2U);
    for (const stdfs::path& path : paths) {
      struct stat facts {};
      ASSERT_EQ(::lstat(path.c_str(), &facts), 0);
      EXPECT_EQ(facts.st_mode & (S_IRWXG | S_IRWXO), 0U) << path;
    }
  }
}

TEST_F(Security, ASymlinkInTheCachesPlaceOfAFileIsNotWrittenThrough) {
  expect_right(small());
  ASSERT_EQ(mount_.stop(), 0);
  // Where the daemon may write: it is not the kernel that keeps it from there.
  const stdfs::path outside = mount_.directory() / "state" / "outside";
  std::ofstream(outside) << "untouched";
  std::vector<stdfs::path> files;
  for (const auto& entry :
       stdfs::recursive_directory_iterator(mount_.directory() / "cache")) {
    if (entry.path().extension() == ".data" ||
        entry.path().extension() == ".map") {
      files.push_back(entry.path());
    }
  }
  ASSERT_FALSE(files.empty());
  for (const stdfs::path& path : files) {
    stdfs::remove(path);
    stdfs::create_symlink(outside, path);
  }
  ASSERT_TRUE(mount_.start());
  expect_right(small());
  std::ifstream kept(outside);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "untouched");
}

// Of the last name of a path no link is followed, of those before it all are:
// there it is the kernel that keeps the daemon in.
TEST_F(Security, ASymlinkInADirectorysPlaceLeadsNoWriteOutside) {
  if (!landlock_abi()) {
    GTEST_SKIP() << "this kernel offers no Landlock";
  }
  expect_right(small());
  expect_right(large());
  ASSERT_EQ(mount_.stop(), 0);
  const stdfs::path outside = mount_.directory() / "outside";
  stdfs::create_directory(outside);
  const stdfs::path files = mount_.directory() / "cache" / "v1" / "files";
  std::vector<stdfs::path> shards;
  for (const auto& entry : stdfs::directory_iterator(files)) {
    shards.push_back(entry.path());
  }
  ASSERT_FALSE(shards.empty());
  for (const stdfs::path& shard : shards) {
    stdfs::remove_all(shard);
    stdfs::create_directory_symlink(outside, shard);
  }
  ASSERT_TRUE(mount_.start());
  expect_right(small());
  expect_right(large());
  ASSERT_EQ(mount_.stop(), 0);
  EXPECT_TRUE(stdfs::is_empty(outside));
  ASSERT_TRUE(mount_.start());
}

}  // namespace
}  // namespace omicsfs
