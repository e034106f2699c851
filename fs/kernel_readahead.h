// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/result.h"

namespace omicsfs {

// Raises the kernel's read-ahead for the mount at `mount_point` to 4 MiB.
// FUSE's 128 KiB hurts twice: sequential reads come in small requests, and a
// read of more than it (1 MiB somewhere in a file, say) is taken for a
// sequential one and read ahead of, 128 KiB too far. With a window larger than
// any one read, random reads of any size ask for just their pages. Errors: kIo,
// mostly that only root may.
Result<void> raise_read_ahead(const std::string& mount_point);

}  // namespace omicsfs
