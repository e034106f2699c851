// SPDX-License-Identifier: MIT
#include "fetch/hdf5_btree.h"

#include <limits>
#include <string_view>

namespace omicsfs {
namespace {

constexpr std::uint64_t kUndefined = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kNodeHead = 24;
constexpr std::uint64_t kMaxLevel = 16;

// Where the keys and children of one node stand.
struct Entries {
  std::uint64_t first = 0;  // the first key
  std::uint64_t used = 0;
  std::uint64_t key_bytes = 0;

  [[nodiscard]] std::uint64_t key(std::uint64_t entry) const {
    return first + entry * (key_bytes + 8);
  }
  [[nodiscard]] std::uint64_t child(std::uint64_t entry) const {
    return key(entry) + key_bytes;
  }
};

// How many entries, child included, were seen.
std::uint64_t entries_seen(const SeenBytes& seen, const Entries& entries) {
  std::uint64_t count = 0;
  while (count < entries.used &&
         seen.holds(entries.key(count), entries.key_bytes + 8)) {
    ++count;
  }
  return count;
}

// Whether the offsets of key `entry` come after those of the key before it, the
// first dimension counting most.
bool ascends(const SeenBytes& seen, const Entries& entries,
             std::uint64_t entry) {
  for (std::uint64_t at = 8; at < entries.key_bytes; at += 8) {
    const auto before = seen.number(entries.key(entry - 1) + at, 8);
    const auto here = seen.number(entries.key(entry) + at, 8);
    if (before != here) {
      return before < here;
    }
  }
  return false;
}

// The child of `entry`, if its key is one of a chunk index.
std::optional<ByteRange> chunk_child(const SeenBytes& seen,
                                     const Entries& entries,
                                     std::uint64_t entry, unsigned level,
                                     std::uint64_t file_size) {
  const std::uint64_t key = entries.key(entry);
  const auto last_offset = seen.number(key + entries.key_bytes - 8, 8);
  const auto address = seen.number(entries.child(entry), 8);
  const bool sound = last_offset == 0 && address && *address > 0 &&
                     *address < file_size &&
                     (entry == 0 || ascends(seen, entries, entry));
  if (!sound) {
    return std::nullopt;
  }
  const std::uint64_t length = level > 0
                                   ? chunk_tree_bytes(entries.key_bytes / 8 - 1)
                                   : seen.number(key, 4).value_or(0);
  const bool fits = length > 0 && (level > 0 || length <= file_size - *address);
  return fits ? std::optional(ByteRange{*address, length}) : std::nullopt;
}

// The children with keys of that length; empty where one makes no sense.
std::vector<ByteRange> chunk_children(const SeenBytes& seen,
                                      const Entries& entries, unsigned level,
                                      std::uint64_t file_size) {
  std::vector<ByteRange> children;
  const std::uint64_t count = entries_seen(seen, entries);
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    const auto child = chunk_child(seen, entries, entry, level, file_size);
    if (!child) {
      return {};
    }
    children.push_back(*child);
  }
  return children;
}

std::vector<ByteRange> chunk_children_of_any_rank(const SeenBytes& seen,
                                                  Entries entries,
                                                  unsigned level,
                                                  std::uint64_t file_size) {
  for (std::uint64_t dimensions = 2; dimensions <= kMaxTreeDimensions;
       ++dimensions) {
    entries.key_bytes = 8 + 8 * dimensions;
    auto children = chunk_children(seen, entries, level, file_size);
    if (!children.empty()) {
      return children;
    }
  }
  return {};
}

std::vector<ByteRange> group_children(const SeenBytes& seen, Entries entries,
                                      unsigned level, std::uint64_t file_size) {
  entries.key_bytes = 8;
  const std::uint64_t length = level > 0 ? kGroupTreeBytes : kSymbolTableBytes;
  std::vector<ByteRange> children;
  const std::uint64_t count = entries_seen(seen, entries);
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    const auto address = seen.number(entries.child(entry), 8);
    if (address == 0 || address >= file_size) {
      return {};
    }
    children.push_back({*address, length});
  }
  return children;
}

bool is_sibling(std::optional<std::uint64_t> address, std::uint64_t file_size) {
  return address && (*address == kUndefined || *address < file_size);
}

}  // namespace

std::optional<BtreeNode> parse_btree_node(const SeenBytes& seen,
                                          std::uint64_t at,
                                          std::uint64_t file_size) {
  const auto kind = seen.number(at + 4, 1);
  const auto level = seen.number(at + 5, 1);
  const auto used = seen.number(at + 6, 2);
  const auto left = seen.number(at + 8, 8);
  const auto right = seen.number(at + 16, 8);
  const bool sound = seen.says(at, "TREE") && right && kind <= 1U &&
                     level <= kMaxLevel && is_sibling(left, file_size) &&
                     is_sibling(right, file_size);
  if (!sound) {
    return std::nullopt;
  }
  BtreeNode node;
  node.kind = *kind == 0 ? BtreeNode::Kind::kGroup : BtreeNode::Kind::kChunks;
  node.level = static_cast<unsigned>(*level);
  const Entries entries{at + kNodeHead, *used, 0};
  node.children =
      node.kind == BtreeNode::Kind::kGroup
          ? group_children(seen, entries, node.level, file_size)
          : chunk_children_of_any_rank(seen, entries, node.level, file_size);
  node.alone = *left == kUndefined && *right == kUndefined &&
               node.children.size() == *used;
  return node.children.empty() ? std::nullopt : std::optional(std::move(node));
}

}  // namespace omicsfs
