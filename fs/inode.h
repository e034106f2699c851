// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/snapshot_writer.h"

// Inode numbers: where a node stands in its snapshot, and nothing to look up.
// The same for as long as the snapshot is, in every mount of it.

namespace omicsfs {

using Inode = std::uint64_t;

inline constexpr Inode kRootInode = 1;  // as FUSE has it

// Source slots count from 1, so that no such number is the root's.
struct InodeParts {
  std::uint8_t slot = 0;
  std::uint16_t generation = 0;  // the snapshot's, modulo 2^16
  NodeId node = 0;               // below 2^40

  bool operator==(const InodeParts&) const = default;
};

[[nodiscard]] constexpr Inode inode_of(const InodeParts& parts) {
  return Inode{parts.slot} << 56 | Inode{parts.generation} << 40 |
         (static_cast<Inode>(parts.node) & 0xFF'FFFF'FFFF);
}

[[nodiscard]] constexpr InodeParts parts_of(Inode inode) {
  return {static_cast<std::uint8_t>(inode >> 56),
          static_cast<std::uint16_t>(inode >> 40),
          static_cast<NodeId>(inode & 0xFF'FFFF'FFFF)};
}

}  // namespace omicsfs
