// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/node_number.h"

// Inode numbers. The high 16 bits are the slot of the source, the low 48 the
// node's number in its catalog (node_number.h). Both are hashes of names and
// contents: nothing is kept, and a number that was told to the kernel, to an
// NFS client or to a backup program means the same file for as long as that
// file is the same. A number that no node has any more is a stale handle.

namespace omicsfs {

using Inode = std::uint64_t;

inline constexpr Inode kRootInode = 1;  // as FUSE has it

struct InodeParts {
  std::uint16_t slot = 0;  // of the source; from 1, so no number is the root's
  NodeNumber number = 0;

  bool operator==(const InodeParts&) const = default;
};

inline constexpr unsigned kSlotShift = 48;

[[nodiscard]] constexpr Inode inode_of(const InodeParts& parts) {
  return Inode{parts.slot} << kSlotShift | parts.number;
}

[[nodiscard]] constexpr InodeParts parts_of(Inode inode) {
  return {static_cast<std::uint16_t>(inode >> kSlotShift),
          inode & ((Inode{1} << kSlotShift) - 1)};
}

// The slots of the sources of one mount, by their names, which are unique. A
// slot is a hash of the name alone, so it does not depend on the order of the
// sources or on there being others; only where two hashes are equal, the later
// name in byte order takes the next free slot.
[[nodiscard]] std::vector<std::uint16_t> source_slots(
    const std::vector<std::string>& names);

}  // namespace omicsfs
