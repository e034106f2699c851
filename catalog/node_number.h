// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/remote_file.h"

// Node numbers: what the inode numbers of a mount are made of.
//
// A number is a hash of the node's path (that of its first name) and of its
// content. It is derived, not carried over from the snapshot before: so it is
// the same after a refresh, a remount or a restart, on another machine, if the
// catalog was deleted, and whatever else is added or removed. A node whose
// content changes gets another number. The old number then belongs to no node:
// a stale handle finds nothing rather than other bytes.
//
//   directory      the path alone
//   remote file    the path, and the size with the strongest thing that tells
//                  versions apart: a digest; else the url or archive it comes
//                  from and its validator; else its url and the date told
//   generated file the path and the bytes
//   symlink        the path and the target
//
// Where the hashes of two nodes of a tree give one number, the node with the
// higher hash takes the next free number: a function of the set of nodes, not
// of their order.

namespace omicsfs {

// 1 to kMaxNodeNumber: with a source's slot before it, an inode number.
using NodeNumber = std::uint64_t;
inline constexpr unsigned kNodeNumberBits = 47;
inline constexpr NodeNumber kMaxNodeNumber =
    (NodeNumber{1} << kNodeNumberBits) - 1;

// 64 bits that tell a node from all others: the hash of the path XOR that of
// the content, so either may be known first.
using NodeIdentity = std::uint64_t;

// The content of a directory; of the bytes of an inline file; of a symlink.
[[nodiscard]] NodeIdentity directory_identity();
[[nodiscard]] NodeIdentity bytes_identity(std::string_view bytes);
[[nodiscard]] NodeIdentity target_identity(std::string_view target);
// The content of a remote file; `told` is the date that its index told.
[[nodiscard]] NodeIdentity file_identity(const RemoteFile& file,
                                         std::optional<std::int64_t> told);
// The path of `name` in the directory whose whole identity is `parent`.
[[nodiscard]] NodeIdentity path_identity(NodeIdentity parent,
                                         std::string_view name);

// Puts in place of each identity the number of its node. No two numbers are
// equal. Returns the indices in order of their numbers. REQUIRES: fewer than
// 2^32 identities.
std::vector<std::uint32_t> number_nodes(std::span<std::uint64_t> identities);

}  // namespace omicsfs
