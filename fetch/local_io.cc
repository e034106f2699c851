// SPDX-License-Identifier: MIT
#include "fetch/local_io.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

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
      return system_error("cannot write", put < 0 ? errno : EIO);
    }
    done += static_cast<std::size_t>(put);
  }
  return {};
}

Result<void> write_all(int fd, std::uint64_t offset,
                       std::span<const std::span<const std::byte>> pieces) {
  std::vector<iovec> vectors;
  vectors.reserve(pieces.size());
  for (const auto piece : pieces) {
    // pwritev only reads from it.
    vectors.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  }
  const ssize_t put =
      ::pwritev(fd, vectors.data(), static_cast<int>(vectors.size()),
                static_cast<off_t>(offset));
  // What it left goes piece by piece, which also tells the error.
  auto done = static_cast<std::size_t>(std::max<ssize_t>(put, 0));
  for (const auto piece : pieces) {
    const std::size_t skipped = std::min(done, piece.size());
    done -= skipped;
    if (auto written = write_all(fd, offset + skipped, piece.subspan(skipped));
        !written) {
      return written;
    }
    offset += piece.size();
  }
  return {};
}

}  // namespace omicsfs
