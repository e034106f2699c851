// SPDX-License-Identifier: MIT
#include "fs/kernel_readahead.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "fetch/local_io.h"

namespace omicsfs {

Result<UniqueFd> open_read_ahead(const std::string& device) {
  const std::string path = "/sys/class/bdi/" + device + "/read_ahead_kb";
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.valid() ? Result<UniqueFd>(std::move(file))
                      : system_error(path, errno);
}

Result<void> raise_read_ahead(const UniqueFd& setting) {
  constexpr std::string_view kKibibytes = "4096";
  return ::write(setting.get(), kKibibytes.data(), kKibibytes.size()) < 0
             ? system_error("read_ahead_kb", errno)
             : Result<void>();
}

}  // namespace omicsfs
