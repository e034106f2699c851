// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// What errno says now, of `what`: kNoSpace for ENOSPC, else kIo.
[[nodiscard]] Error system_error(const std::string& what);

// A new file beside the one that it will replace. It is removed with this
// object unless rename_to gave it its name, and is flocked meanwhile, so that
// one that a killed process left can be told from one in use.
class TemporaryFile {
 public:
  static Result<TemporaryFile> create(const std::filesystem::path& target);
  TemporaryFile(TemporaryFile&& other) noexcept
      : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFile();

  [[nodiscard]] const std::string& path() const { return path_; }

  // Makes the bytes durable, gives the file the name `target` (in the same
  // directory), and makes that durable.
  Result<void> rename_to(const std::filesystem::path& target);

 private:
  TemporaryFile(UniqueFd fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;  // "" once renamed or moved from
};

}  // namespace omicsfs
