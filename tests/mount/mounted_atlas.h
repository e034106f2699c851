// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "catalog/unique_fd.h"
#include "tests/support/composed_atlas.h"
#include "tests/support/mount_process.h"
#include "tests/support/origin.h"

namespace omicsfs {

// Whether all of a mounted file is on the disk, which no read waits for.
inline bool is_on_disk(const std::string& path, std::uint64_t size) {
  std::string cached(64, '\0');
  const ssize_t length = ::getxattr(path.c_str(), "user.omicsfs.cached_bytes",
                                    cached.data(), cached.size());
  return length > 0 && cached.substr(0, static_cast<std::size_t>(length)) ==
                           std::to_string(size);
}

// Waits for that. False where it does not come.
inline bool comes_to_disk(const std::string& path, std::uint64_t size) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
  do {
    if (is_on_disk(path, size)) {
      return true;
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// The composed atlas behind an origin, and a mount of it.
class MountedAtlas : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_mount()) {
      GTEST_SKIP() << "/dev/fuse is missing";
    }
    serve(atlas_, origin_);
    ASSERT_TRUE(mount_.start());
    origin_.clear_log();
  }

  [[nodiscard]] std::string at(const std::string& path) const {
    return (mount_.root() / path).string();
  }
  [[nodiscard]] const ComposedFile& large() const { return atlas_[0].files[2]; }
  [[nodiscard]] const ComposedFile& small() const { return atlas_[0].files[3]; }

  // All of a file by reads of 64 KiB; errno where one fails.
  static int read_file(const std::string& path, std::string& bytes) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      return errno;
    }
    std::string buffer(65536, '\0');
    for (;;) {
      const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
      if (got < 0) {
        return errno;
      }
      if (got == 0) {
        return 0;
      }
      bytes.append(buffer, 0, static_cast<std::size_t>(got));
    }
  }

  // Starts a program that reads; its output goes nowhere. (A fork alone would
  // run on in a copy of a process with threads, whose locks may be held.)
  static pid_t spawn(std::vector<std::string> words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    pid_t pid = -1;
    EXPECT_EQ(::posix_spawnp(&pid, arguments[0], &actions, nullptr,
                             arguments.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  // Bytes of files that the origin sent.
  [[nodiscard]] std::uint64_t bytes_sent() const {
    std::uint64_t bytes = 0;
    for (const RequestRecord& record : origin_.log()) {
      bytes += record.bytes_sent;
    }
    return bytes;
  }

  const std::vector<ComposedRelease> atlas_ = composed_atlas();
  Origin origin_;
  MountProcess mount_{origin_.url("/"), R"(, "network": {"retries": 1})"};
};

}  // namespace omicsfs
