// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace omicsfs {

// A small disk of its own, which only root may make.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& at)
      : at_(at),
        mounted_(::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=16m") == 0) {}
  ~SmallDisk() {
    if (mounted_) {
      ::umount2(at_.c_str(), MNT_DETACH);
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  void fill() const {
    std::ofstream junk(at_ / "junk", std::ios::binary);
    const std::string megabyte(1 << 20, 'x');
    while (junk.write(megabyte.data(), 1 << 20)) {
    }
  }

 private:
  std::filesystem::path at_;
  bool mounted_;
};

}  // namespace omicsfs
