// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace omicsfs {

// Whether this machine lets us mount at all.
[[nodiscard]] bool can_mount();

// The program serving one mount in the foreground, from its own directory with
// settings, state, cache and mount point. Ends with its object; what it said on
// stderr is then checked for sanitizer reports.
class MountProcess {
 public:
  // `base_url` of abc-atlas; `more_settings`: further members of config.json,
  // each with a leading comma.
  MountProcess(const std::string& base_url, const std::string& more_settings);
  ~MountProcess();
  MountProcess(const MountProcess&) = delete;
  MountProcess& operator=(const MountProcess&) = delete;

  [[nodiscard]] std::filesystem::path root() const {
    return dir_.path() / "mnt";
  }
  [[nodiscard]] const std::filesystem::path& directory() const {
    return dir_.path();
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Starts it; waits until it answers. False (with a test failure) where not.
  bool start();
  // Ends it as `umount` does; its exit status.
  int stop();
  // Ends it as a crash does: the mount stays, dead.
  void kill();
  // Sends it a signal that ends it; its exit status.
  int stop_by(int signal);
  [[nodiscard]] std::string log() const;

 private:
  int wait_for_exit();

  TemporaryDirectory dir_;
  pid_t pid_ = -1;
};

}  // namespace omicsfs
