// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "fs/file_system.h"

namespace omicsfs {

// A file that was opened, until the kernel has its handle. It is closed again
// where the kernel never gets it, whatever is thrown meanwhile. One thread uses
// it at a time.
class OpenHandle {
 public:
  OpenHandle(OpenFiles& files, const FileSystem::Opened& opened) noexcept
      : files_(&files), opened_(opened) {}
  ~OpenHandle() {
    if (files_ != nullptr) {
      files_->remove(opened_.handle);
    }
  }
  OpenHandle(OpenHandle&& other) noexcept
      : files_(std::exchange(other.files_, nullptr)), opened_(other.opened_) {}
  OpenHandle& operator=(OpenHandle&&) = delete;
  OpenHandle(const OpenHandle&) = delete;
  OpenHandle& operator=(const OpenHandle&) = delete;

  [[nodiscard]] const FileSystem::Opened& opened() const { return opened_; }
  // The kernel has it, and releases it.
  void give_away() noexcept { files_ = nullptr; }

 private:
  OpenFiles* files_;  // null: it is somebody else's
  FileSystem::Opened opened_;
};

}  // namespace omicsfs
