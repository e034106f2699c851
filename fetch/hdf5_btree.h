// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/seen_bytes.h"

namespace omicsfs {

// A node of a version 1 B-tree (HDF5 File Format Specification 3.0, III.A.1).
struct BtreeNode {
  enum class Kind { kGroup, kChunks };
  Kind kind = Kind::kGroup;
  unsigned level = 0;  // 0: a leaf
  // The children that were seen: nodes of the level below; of a leaf the
  // group's symbol table nodes, or the chunks.
  std::vector<ByteRange> children;
  // All children were seen and the node has no siblings: with level 0 it is the
  // whole index.
  bool alone = false;
};

// What a file's superblock would say; these are the library's defaults, which
// hardly any writer changes.
inline constexpr std::uint64_t kGroupTreeBytes = 544;    // K = 16
inline constexpr std::uint64_t kSymbolTableBytes = 328;  // K = 4
// The node of a chunk index whose keys have `dimensions` offsets (the
// dataset's rank and one), K = 32.
[[nodiscard]] constexpr std::uint64_t chunk_tree_bytes(
    std::uint64_t dimensions) {
  return 24 + 64 * 8 + 65 * (8 + 8 * dimensions);
}
inline constexpr std::uint64_t kMaxTreeDimensions = 33;

// The node at `at`, as far as it was seen; none where there is none. How long
// its keys are is not in a node of a chunk index: it is the shortest length
// with which all that was seen makes sense (offsets ascend, the last one is 0,
// each child lies in the file). Pure.
[[nodiscard]] std::optional<BtreeNode> parse_btree_node(
    const SeenBytes& seen, std::uint64_t at, std::uint64_t file_size);

}  // namespace omicsfs
