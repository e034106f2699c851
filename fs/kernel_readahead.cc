// SPDX-License-Identifier: MIT
#include "fs/kernel_readahead.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "catalog/unique_fd.h"
#include "fetch/local_io.h"

namespace omicsfs {

Result<void> raise_read_ahead(const std::string& mount_point) {
  constexpr std::string_view kKibibytes = "4096";
  struct stat facts {};
  if (::stat(mount_point.c_str(), &facts) != 0) {
    return system_error(mount_point, errno);
  }
  const std::string path =
      "/sys/class/bdi/" + std::to_string(major(facts.st_dev)) + ":" +
      std::to_string(minor(facts.st_dev)) + "/read_ahead_kb";
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() ||
      ::write(file.get(), kKibibytes.data(), kKibibytes.size()) < 0) {
    return system_error(path, errno);
  }
  return {};
}

}  // namespace omicsfs
