// SPDX-License-Identifier: MIT
#include "fetch/shared_mode.h"

#include <sys/stat.h>

namespace omicsfs {

mode_t file_mode_in(const std::filesystem::path& directory) {
  struct stat facts {};
  const bool shared =
      ::stat(directory.c_str(), &facts) == 0 && (facts.st_mode & S_IWGRP) != 0;
  return shared ? 0660 : 0600;
}

}  // namespace omicsfs
