// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

// A release of one directory with more files than one reply to readdir holds.
std::vector<ComposedRelease> wide_atlas() {
  ComposedRelease release{"20230101", {}};
  for (int i = 0; i < 1500; ++i) {
    release.files.push_back({"Wide-10X", "metadata", "20230101",
                             "cells_" + std::to_string(i), "", "csv", "",
                             std::to_string(i)});
  }
  return {release};
}

// What the kernel keeps it answers itself, so a stopped server is not missed.
class KernelCache : public MountedAtlas {
 protected:
  // Every name below the directory, and nothing more: no stat of an entry.
  static std::set<std::string> names_in(const std::string& path) {
    std::set<std::string> names;
    DIR* directory = ::opendir(path.c_str());
    EXPECT_NE(directory, nullptr) << path;
    while (const dirent* entry = ::readdir(directory)) {
      names.insert(entry->d_name);
    }
    ::closedir(directory);
    return names;
  }

  // The exit status of a program that runs while the server is stopped. The
  // limit only ends one that would wait for ever.
  static int status_without(const MountProcess& server,
                            std::vector<std::string> words) {
    words.insert(words.begin(), {"timeout", "-s", "KILL", "60"});
    EXPECT_EQ(::kill(server.pid(), SIGSTOP), 0);
    const pid_t program = spawn(std::move(words));
    int status = -1;
    EXPECT_EQ(::waitpid(program, &status, 0), program);
    EXPECT_EQ(::kill(server.pid(), SIGCONT), 0);
    return status;
  }
};

// Without READDIRPLUS for every part of a listing, each name would be looked up
// one by one when it is first used.
TEST_F(KernelCache, AListingBringsTheAttributesOfAllItsEntries) {
  Origin origin;
  serve(wide_atlas(), origin);
  MountProcess mount(origin.url("/"), "");
  ASSERT_TRUE(mount.start());
  const std::string directory =
      (mount.root() / "metadata/Wide-10X/20230101").string();
  const auto names = names_in(directory);
  ASSERT_EQ(names.size(), 1502U);
  // stat(1) would ask for the time of birth, and the server has to say that
  // there is none.
  std::vector<std::string> words = {
      "sh", "-c", R"(for f; do test -e "$f" || exit 1; done)", "sh"};
  for (const std::string& name : names) {
    words.push_back(directory);
    words.back() += "/" + name;
  }
  EXPECT_EQ(status_without(mount, words), 0);
}

TEST_F(KernelCache, ATargetOnceReadIsKept) {
  const std::string link = at("latest");
  ASSERT_TRUE(std::filesystem::is_symlink(link));
  ASSERT_EQ(std::filesystem::read_symlink(link), "releases/20240101");
  EXPECT_EQ(status_without(mount_, {"readlink", link}), 0);
}

TEST_F(KernelCache, AnAbsentNameOnceLookedUpIsKept) {
  const std::string absent = at("absent");
  ASSERT_FALSE(std::filesystem::exists(absent));
  const int status = status_without(mount_, {"test", "-e", absent});
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace omicsfs
