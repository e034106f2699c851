// SPDX-License-Identifier: MIT
#include "fetch/hdf5_hints.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "fetch/hdf5_btree.h"

namespace omicsfs {
namespace {

// A longer read is a stream of data; nodes are not sought in it.
constexpr std::uint64_t kMaxSearched = std::uint64_t{256} << 10;
// Datasets up to this size are hinted whole: about what two blocks cost.
constexpr std::uint64_t kSmallDataset = std::uint64_t{256} << 10;
// The library asks for this much of an object header, local heap or version 2
// header of unknown length.
constexpr std::uint64_t kFirstGuess = 512;
constexpr std::uint64_t kMaxMetadata = std::uint64_t{64} << 10;
// Ends the walk through a file made to lead in circles.
constexpr std::size_t kMaxPlaces = 4096;

// What stands at an address, by the structure that named it.
enum class Item {
  kObjectHeader,  // version 1 or 2
  kMessages,      // continues a version 1 object header
  kBtree,         // version 1
  kSymbolTable,
  kLocalHeap,
  kFractalHeap,
  kBtree2,
  kFixedArray,
  kExtensibleArray,
  kOther,  // nothing that leads further
};

struct Place {
  Item item = Item::kOther;
  ByteRange range;
};

// Follows addresses through what was seen; those that lead out are hints.
class Walk {
 public:
  Walk(const SeenBytes& seen, std::uint64_t file_size, HintList& hints)
      : seen_(seen), file_size_(file_size), hints_(hints) {}

  void start_at_superblock();
  void start_at_nodes(std::string_view signature, Item item);
  void run();

 private:
  void reach(Item item, std::optional<std::uint64_t> address,
             std::uint64_t length);
  void follow(const Place& place);
  void follow_object_header(std::uint64_t at);
  void follow_messages(ByteRange messages);
  void follow_object_header2(std::uint64_t at);
  void follow_message(std::uint64_t type, std::uint64_t at);
  void follow_layout(std::uint64_t at);
  void follow_layout4(std::uint64_t at);
  void follow_link(std::uint64_t at);
  void follow_btree(std::uint64_t at);
  void follow_symbol_table(std::uint64_t at);
  void follow_small_dataset(const std::vector<ByteRange>& chunks);

  const SeenBytes& seen_;
  std::uint64_t file_size_;
  HintList& hints_;
  std::vector<Place> places_;
  std::set<std::uint64_t> reached_;
};

// Goes on at `address` later, if it is one: the undefined address is beyond
// every file's end.
void Walk::reach(Item item, std::optional<std::uint64_t> address,
                 std::uint64_t length) {
  const bool usable = address && *address > 0 && *address < file_size_ &&
                      places_.size() < kMaxPlaces;
  if (usable && reached_.insert(*address).second) {
    places_.push_back({item, {*address, std::min(length, kMaxMetadata)}});
  }
}

void Walk::run() {
  // `places_` grows as they are followed.
  for (std::size_t next = 0; next < places_.size(); ++next) {
    const Place place = places_[next];
    hints_.add(place.range);
    if (seen_.holds(place.range.offset, 1)) {
      follow(place);
    }
  }
}

void Walk::follow(const Place& place) {
  const std::uint64_t at = place.range.offset;
  switch (place.item) {
    case Item::kObjectHeader:
      follow_object_header(at);
      break;
    case Item::kMessages:
      follow_messages(place.range);
      break;
    case Item::kBtree:
      follow_btree(at);
      break;
    case Item::kSymbolTable:
      follow_symbol_table(at);
      break;
    case Item::kLocalHeap:  // its data segment
      reach(Item::kOther, seen_.number(at + 24, 8),
            seen_.number(at + 8, 8).value_or(0));
      break;
    case Item::kFractalHeap:  // its root block
      reach(Item::kOther, seen_.number(at + 132, 8), kFirstGuess);
      break;
    case Item::kBtree2:  // its root node
      reach(Item::kOther, seen_.number(at + 16, 8),
            seen_.number(at + 6, 4).value_or(0));
      break;
    case Item::kFixedArray:  // its data block
      reach(Item::kOther, seen_.number(at + 16, 8), kMaxMetadata);
      break;
    case Item::kExtensibleArray:  // its index block
      reach(Item::kOther, seen_.number(at + 60, 8), kFirstGuess);
      break;
    case Item::kOther:
      break;
  }
}

void Walk::start_at_superblock() {
  if (!seen_.says(0, "\x89HDF\r\n\x1A\n")) {
    return;
  }
  const auto version = seen_.number(8, 1);
  if (version && *version <= 1) {
    // Version 1 has 4 bytes more before the addresses. The root group's symbol
    // table entry follows four of those.
    const std::uint64_t root = 56 + 4 * *version;
    reach(Item::kObjectHeader, seen_.number(root + 8, 8), kFirstGuess);
    if (seen_.number(root + 16, 4) == 1) {
      reach(Item::kBtree, seen_.number(root + 24, 8), kGroupTreeBytes);
      reach(Item::kLocalHeap, seen_.number(root + 32, 8), kFirstGuess);
    }
  } else if (version) {
    reach(Item::kObjectHeader, seen_.number(36, 8), kFirstGuess);
  }
}

void Walk::start_at_nodes(std::string_view signature, Item item) {
  const std::string_view text(reinterpret_cast<const char*>(seen_.bytes.data()),
                              seen_.bytes.size());
  if (text.size() > kMaxSearched) {
    return;
  }
  for (std::size_t at = text.find(signature); at != std::string_view::npos;
       at = text.find(signature, at + 1)) {
    reach(item, seen_.offset + at, signature.size());
  }
}

void Walk::follow_object_header(std::uint64_t at) {
  constexpr std::uint64_t kPrefix = 16;
  if (seen_.says(at, "OHDR")) {
    follow_object_header2(at);
  } else if (seen_.number(at, 2) == 1U) {
    follow_messages({at + kPrefix, seen_.number(at + 8, 4).value_or(0)});
  }
}

// Version 1: type, size, flags, 3 reserved, data.
void Walk::follow_messages(ByteRange messages) {
  constexpr std::uint64_t kHead = 8;
  std::uint64_t at = messages.offset;
  while (at < messages.end()) {
    const auto type = seen_.number(at, 2);
    const auto length = seen_.number(at + 2, 2);
    if (!type || !length) {
      return;
    }
    follow_message(*type, at + kHead);
    at += kHead + *length;
  }
}

// Version 2: the prefix's and the messages' lengths depend on its flags.
void Walk::follow_object_header2(std::uint64_t at) {
  const std::uint64_t flags = seen_.number(at + 5, 1).value_or(0);
  const std::size_t size_width = std::size_t{1} << (flags & 3U);
  const std::uint64_t head = (flags & 4U) != 0 ? 6 : 4;
  at +=
      6 + ((flags & 0x20U) != 0 ? 16U : 0U) + ((flags & 0x10U) != 0 ? 4U : 0U);
  const std::uint64_t all =
      std::min(seen_.number(at, size_width).value_or(0), kMaxMetadata);
  at += size_width;
  const std::uint64_t end = at + all;
  while (at < end) {
    const auto type = seen_.number(at, 1);
    const auto length = seen_.number(at + 1, 2);
    if (!type || !length) {
      return;
    }
    follow_message(*type, at + head);
    at += head + *length;
  }
}

void Walk::follow_message(std::uint64_t type, std::uint64_t at) {
  switch (type) {
    case 0x02: {  // link info: where a group has many links
      const std::uint64_t order =
          (seen_.number(at + 1, 1).value_or(0) & 1U) != 0 ? 8U : 0U;
      reach(Item::kFractalHeap, seen_.number(at + 2 + order, 8), kFirstGuess);
      reach(Item::kBtree2, seen_.number(at + 10 + order, 8), kFirstGuess);
      break;
    }
    case 0x06:
      follow_link(at);
      break;
    case 0x08:
      follow_layout(at);
      break;
    case 0x10:  // continuation
      reach(Item::kMessages, seen_.number(at, 8),
            seen_.number(at + 8, 8).value_or(0));
      break;
    case 0x11:  // symbol table
      reach(Item::kBtree, seen_.number(at, 8), kGroupTreeBytes);
      reach(Item::kLocalHeap, seen_.number(at + 8, 8), kFirstGuess);
      break;
    default:
      break;
  }
}

// Link message: version, flags, then what the flags say, then a hard link's
// address.
void Walk::follow_link(std::uint64_t at) {
  const std::uint64_t flags = seen_.number(at + 1, 1).value_or(0);
  const bool hard = (flags & 8U) == 0 || seen_.number(at + 2, 1) == 0;
  const std::size_t width = std::size_t{1} << (flags & 3U);
  at += 2 + ((flags & 8U) != 0 ? 1U : 0U) + ((flags & 4U) != 0 ? 8U : 0U) +
        ((flags & 16U) != 0 ? 1U : 0U);
  const auto name = seen_.number(at, width);
  if (hard && name && *name <= kMaxMetadata) {
    reach(Item::kObjectHeader, seen_.number(at + width + *name, 8),
          kFirstGuess);
  }
}

void Walk::follow_layout(std::uint64_t at) {
  const std::uint64_t version = seen_.number(at, 1).value_or(0);
  const auto kind = seen_.number(at + (version < 3 ? 2U : 1U), 1);
  if (version >= 3 && kind == 1U) {  // contiguous
    const std::uint64_t length = seen_.number(at + 10, 8).value_or(0);
    const auto address = seen_.number(at + 2, 8);
    if (address && length <= kSmallDataset) {
      hints_.add({*address, length});
    }
  } else if (version == 4 && kind == 2U) {
    follow_layout4(at);
  } else if (kind == 2U) {  // chunked, indexed by a version 1 B-tree
    const std::uint64_t dimensions =
        seen_.number(at + (version < 3 ? 1U : 2U), 1).value_or(0);
    reach(Item::kBtree, seen_.number(at + (version < 3 ? 8U : 3U), 8),
          chunk_tree_bytes(std::min(dimensions, kMaxTreeDimensions)));
  }
}

// Chunked, version 4: version, class, flags, rank, width of a dimension, the
// dimensions, index type, the index's facts, its address.
void Walk::follow_layout4(std::uint64_t at) {
  const std::uint64_t rank = seen_.number(at + 3, 1).value_or(0);
  const std::uint64_t width = seen_.number(at + 4, 1).value_or(0);
  at += 5 + rank * width;
  const std::uint64_t index = seen_.number(at, 1).value_or(0);
  switch (index) {
    case 3:
      reach(Item::kFixedArray, seen_.number(at + 2, 8), kFirstGuess);
      break;
    case 4:
      reach(Item::kExtensibleArray, seen_.number(at + 6, 8), kFirstGuess);
      break;
    case 5:
      reach(Item::kBtree2, seen_.number(at + 7, 8), kFirstGuess);
      break;
    default:
      break;
  }
}

void Walk::follow_btree(std::uint64_t at) {
  const auto node = parse_btree_node(seen_, at, file_size_);
  if (!node) {
    return;
  }
  const bool leaf = node->level == 0;
  if (leaf && node->kind == BtreeNode::Kind::kChunks) {
    if (node->alone) {
      follow_small_dataset(node->children);
    }
    return;
  }
  for (const ByteRange& child : node->children) {
    reach(leaf ? Item::kSymbolTable : Item::kBtree, child.offset, child.length);
  }
}

void Walk::follow_small_dataset(const std::vector<ByteRange>& chunks) {
  std::uint64_t all = 0;
  for (const ByteRange& chunk : chunks) {
    all += chunk.length;  // below 2^16 numbers of 32 bits
  }
  if (all <= kSmallDataset) {
    for (const ByteRange& chunk : chunks) {
      hints_.add(chunk);
    }
  }
}

// "SNOD", version 1, reserved, number of symbols, and 40 bytes of each: the
// name's offset, the object header, and of a group its B-tree and heap too.
void Walk::follow_symbol_table(std::uint64_t at) {
  constexpr std::uint64_t kEntry = 40;
  const std::uint64_t symbols = seen_.number(at + 6, 2).value_or(0);
  if (!seen_.says(at, "SNOD\1")) {
    return;
  }
  for (std::uint64_t symbol = 0; symbol < symbols; ++symbol) {
    const std::uint64_t entry = at + 8 + symbol * kEntry;
    const auto header = seen_.number(entry + 8, 8);
    if (!header || *header == 0 || *header >= file_size_) {
      return;
    }
    reach(Item::kObjectHeader, header, kFirstGuess);
    if (seen_.number(entry + 16, 4) == 1) {
      reach(Item::kBtree, seen_.number(entry + 24, 8), kGroupTreeBytes);
      reach(Item::kLocalHeap, seen_.number(entry + 32, 8), kFirstGuess);
    }
  }
}

}  // namespace

void add_hdf5_hints(const SeenBytes& seen, std::uint64_t file_size,
                    HintList& hints) {
  Walk walk(seen, file_size, hints);
  walk.start_at_superblock();
  walk.start_at_nodes("TREE", Item::kBtree);
  walk.start_at_nodes("SNOD\1", Item::kSymbolTable);
  walk.run();
}

}  // namespace omicsfs
