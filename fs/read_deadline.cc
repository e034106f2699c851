// SPDX-License-Identifier: MIT
#include "fs/read_deadline.h"

#include <algorithm>
#include <fstream>

namespace omicsfs {
namespace {

std::chrono::seconds seconds_in(const char* path) {
  long seconds = 0;
  std::ifstream(path) >> seconds;
  return std::chrono::seconds(std::max(seconds, 0L));
}

}  // namespace

std::chrono::milliseconds read_deadline(std::chrono::seconds wanted,
                                        const KernelTimeouts& kernel) {
  std::chrono::milliseconds deadline = wanted;
  for (const std::chrono::seconds limit :
       {kernel.default_timeout, kernel.max_timeout}) {
    if (limit.count() > 0) {
      deadline = std::min(deadline, std::chrono::milliseconds(limit) * 8 / 10);
    }
  }
  return deadline;
}

KernelTimeouts kernel_timeouts() {
  return {seconds_in("/proc/sys/fs/fuse/default_request_timeout"),
          seconds_in("/proc/sys/fs/fuse/max_request_timeout")};
}

}  // namespace omicsfs
