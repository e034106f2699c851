// SPDX-License-Identifier: MIT
#include "tests/support/mount_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

#include "catalog/unique_fd.h"
#include "tests/support/child_process.h"

extern char** environ;

namespace omicsfs {
namespace {

constexpr long kFuseMagic = 0x65735546;  // statfs(2): FUSE_SUPER_MAGIC

bool answers(const std::filesystem::path& root) {
  struct statfs facts {};
  struct stat root_facts {};
  return ::statfs(root.c_str(), &facts) == 0 && facts.f_type == kFuseMagic &&
         ::stat(root.c_str(), &root_facts) == 0;
}

// Wakes when a mount comes or goes (proc_pid_mounts(5)), and now and then.
void wait_for_mount_change(int mounts) {
  pollfd wait{mounts, POLLPRI, 0};
  ::poll(&wait, 1, 5);
}

}  // namespace

bool can_mount() { return ::access("/dev/fuse", R_OK | W_OK) == 0; }

MountProcess::MountProcess(const std::string& base_url,
                           const std::string& more_settings) {
  std::filesystem::create_directory(root());
  std::ofstream(dir_.path() / "config.json")
      << R"({"state_dir": ")" << (dir_.path() / "state").string()
      << R"(", "sources": {"abc-atlas": {"base_url": ")" << base_url
      << R"("}}, "cache": {"dir": ")" << (dir_.path() / "cache").string()
      << R"(", "limit": "10G", "keep_free": "1M"})" << more_settings << "}\n";
}

MountProcess::~MountProcess() {
  if (pid_ > 0) {
    EXPECT_EQ(stop(), 0) << log();
  }
  ::umount2(root().c_str(), MNT_DETACH);  // a dead mount that a test left
  const std::string said = log();
  EXPECT_EQ(said.find("Sanitizer"), std::string::npos) << said;
}

bool MountProcess::start() {
  const std::string config = (dir_.path() / "config.json").string();
  const std::string where = root().string();
  const std::string log_file = (dir_.path() / "stderr").string();
  const std::size_t said_before = log().size();
  std::array<const char*, 8> words = {
      OMICSFS_PROGRAM, "--config",    config.c_str(), "mount", "-f",
      "abc-atlas",     where.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_file.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int status = ::posix_spawn(&pid_, words[0], &actions, nullptr,
                                   const_cast<char**>(words.data()), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(status, 0);
  const UniqueFd mounts(::open("/proc/self/mounts", O_RDONLY | O_CLOEXEC));
  while (status == 0 && !has_ended(pid_)) {
    // It says so when the kernel's read-ahead has been set, too.
    if (answers(root()) &&
        log().find("mounted ", said_before) != std::string::npos) {
      return true;
    }
    wait_for_mount_change(mounts.get());
  }
  ADD_FAILURE() << "the mount did not come: " << log();
  return false;
}

int MountProcess::wait_for_exit() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int MountProcess::stop() {
  ::umount2(root().c_str(), MNT_DETACH);
  return wait_for_exit();
}

void MountProcess::kill() {
  ::kill(pid_, SIGKILL);
  wait_for_exit();
}

int MountProcess::stop_by(int signal) {
  ::kill(pid_, signal);
  return wait_for_exit();
}

std::string MountProcess::log() const {
  std::ifstream file(dir_.path() / "stderr");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace omicsfs
