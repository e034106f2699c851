// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// Where the kernel's read-ahead is set for the mount that is `device`
// (mount_table.h). Opened apart, for who may write there now and not when it is
// time to. Errors: kIo, mostly that only root may.
Result<UniqueFd> open_read_ahead(const std::string& device);

// Raises that read-ahead to 4 MiB, once the mount answers: the kernel sets it
// itself when the connection begins.
// FUSE's 128 KiB hurts twice: sequential reads come in small requests, and a
// read of more than it (1 MiB somewhere in a file, say) is taken for a
// sequential one and read ahead of, 128 KiB too far. With a window larger than
// any one read, random reads of any size ask for just their pages. Errors: kIo.
Result<void> raise_read_ahead(const UniqueFd& setting);

}  // namespace omicsfs
