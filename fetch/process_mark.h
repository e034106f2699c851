// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>

#include "catalog/unique_fd.h"

namespace omicsfs {

// A number by which others can tell whether its bearer still lives: it holds a
// lock on that byte of a file (an open file description lock, fcntl(2)), which
// the kernel drops with the process. Several may live in one process.
class ProcessMark {
 public:
  // Takes a number that is free. Where `file` cannot be made or locked the mark
  // is one that nobody holds, and is taken for dead.
  explicit ProcessMark(const std::filesystem::path& file);

  [[nodiscard]] std::int64_t number() const { return number_; }
  // Whether somebody else than us holds `number`. Where that cannot be known,
  // true.
  [[nodiscard]] bool lives(std::int64_t number) const;

 private:
  UniqueFd fd_;
  std::int64_t number_;
};

}  // namespace omicsfs
