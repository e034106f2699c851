// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace omicsfs {

// The kernel's own limits on a FUSE request, 0 = none (Linux 6.15:
// fs.fuse.default_request_timeout and max_request_timeout). A request that
// passes them makes the kernel abort the whole mount.
struct KernelTimeouts {
  std::chrono::seconds default_timeout{0};
  std::chrono::seconds max_timeout{0};
};

// How long a read may take: as set, but at most 80 % of the kernel's limit.
// Pure.
[[nodiscard]] std::chrono::milliseconds read_deadline(
    std::chrono::seconds wanted, const KernelTimeouts& kernel);

// The limits of this machine; none where the kernel knows none.
[[nodiscard]] KernelTimeouts kernel_timeouts();

}  // namespace omicsfs
