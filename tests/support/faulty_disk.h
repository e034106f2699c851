// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/support/temporary_directory.h"

namespace omicsfs {

// A disk at a directory that fails when told to (faulty_disk_main.cc): a
// process of its own, so that what uses the disk may hang or die without it.
// Gone with its object.
class FaultyDisk {
 public:
  // REQUIRES: can_mount(), and `at` is an empty directory.
  explicit FaultyDisk(std::filesystem::path at);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Whether it came up.
  [[nodiscard]] bool mounted() const;
  // What fails from now on: "write", "read" or "sync", with an errno.
  void fail(const std::string& operation, int error);
  // Each write of a file's bytes takes so much longer from now on, but ends
  // once the disk is mended.
  void slow_down(std::chrono::microseconds delay);
  // Everything works again.
  void mend();

 private:
  void write_faults(const std::string& text) const;

  TemporaryDirectory dir_;
  std::filesystem::path at_;
  pid_t process_ = -1;
  std::string faults_;
};

}  // namespace omicsfs
