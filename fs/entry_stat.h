// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "catalog/snapshot.h"
#include "fs/inode.h"

namespace omicsfs {

// Whose all files appear to be.
struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

// A node as stat(2) shows it: read-only modes, the logical size also in
// st_blocks (tar, cp and grep take a file with fewer blocks for sparse), and
// 64 KiB as the preferred size of a read, which is what a read costs at least.
[[nodiscard]] struct stat stat_of(const NodeFacts& node, Inode inode,
                                  const Owner& owner);

}  // namespace omicsfs
