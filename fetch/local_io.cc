// SPDX-License-Identifier: MIT
#include "fetch/local_io.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace omicsfs {

Error system_error(const std::string& what, int errno_value) {
  const std::string message =
      what + ": " + std::generic_category().message(errno_value);
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::kNoSpace, message};
    case ENOENT:
      return {ErrorCode::kNotFound, message};
    default:
      return {ErrorCode::kIo, message};
  }
}

std::size_t read_up_to(int fd, std::uint64_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> write_all(int fd, std::uint64_t offset,
                       std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::pwrite(fd, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      return system_error("cannot write to the cache", put < 0 ? errno : EIO);
    }
    done += static_cast<std::size_t>(put);
  }
  return {};
}

}  // namespace omicsfs
