// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace omicsfs {

// All that `dir` takes, in bytes, as du counts it.
inline std::uint64_t disk_use(const std::filesystem::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code gone;  // files come and go beneath
  for (std::filesystem::recursive_directory_iterator entry(dir, gone), end;
       entry != end; entry.increment(gone)) {
    struct stat facts {};
    if (::lstat(entry->path().c_str(), &facts) == 0) {
      bytes += static_cast<std::uint64_t>(facts.st_blocks) * 512;
    }
  }
  return bytes;
}

}  // namespace omicsfs
