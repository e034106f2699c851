// SPDX-License-Identifier: MIT
#include "catalog/tree_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "catalog/row_writer.h"
#include "catalog/snapshot_schema.h"
#include "catalog/stable_hash.h"
#include "catalog/varint.h"

namespace omicsfs {
namespace {

constexpr std::size_t kEntrySortBytes = std::size_t{16} << 20;
constexpr std::size_t kNodeSortBytes = std::size_t{8} << 20;

Error broken_tree(const std::string& fault) {
  return {ErrorCode::kInvalid, "not a whole tree: " + fault};
}

// Numbers whose bytes are in the order of the numbers: the highest byte first.
void put_ordered(std::string& out, NodeId id) {
  auto value = static_cast<std::uint64_t>(id);
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU);
  }
}

NodeId take_ordered(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, sizeof value)) {
    value = value << 8U | static_cast<unsigned char>(byte);
  }
  bytes.remove_prefix(sizeof value);
  return static_cast<NodeId>(value);
}

template <typename Number>
void put_plain(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Number>
Number take_plain(std::string_view& bytes) {
  Number value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

// A node as a row of a temporary file, and back.
std::string packed_node(const TreeRows::Node& node) {
  std::string row;
  row += static_cast<char>(node.kind);
  row += node.is_mapped ? '\1' : '\0';
  row += node.bytes.has_value() ? '\1' : '\0';
  put_plain(row, node.size);
  put_plain(row, node.mtime);
  put_plain(row, node.document_date);
  put_plain(row, node.content);
  return row += node.bytes.value_or("");
}

TreeRows::Node unpacked_node(std::string_view row) {
  TreeRows::Node node;
  node.kind = static_cast<NodeKind>(take_plain<char>(row));
  node.is_mapped = take_plain<char>(row) != '\0';
  const bool has_bytes = take_plain<char>(row) != '\0';
  node.size = take_plain<std::uint64_t>(row);
  node.mtime = take_plain<std::int64_t>(row);
  node.document_date = take_plain<std::int64_t>(row);
  node.content = take_plain<ContentId>(row);
  if (has_bytes) {
    node.bytes = row;
  }
  return node;
}

SqlValue number_or_null(std::int64_t value) {
  return value == 0 ? SqlValue() : SqlValue(value);
}

// Of the content: a file's whose bytes are still to come has none yet.
NodeIdentity identity_of(const TreeRows::Node& node) {
  switch (node.kind) {
    case NodeKind::kDirectory:
      return directory_identity();
    case NodeKind::kRemoteFile:
      return node.identity;
    case NodeKind::kInlineFile:
      return node.bytes ? bytes_identity(*node.bytes) : 0;
    case NodeKind::kSymlink:
      return target_identity(node.bytes.value_or(""));
  }
  return 0;
}

}  // namespace

TreeRows::TreeRows(const std::filesystem::path& scratch)
    : entries_(scratch, kEntrySortBytes), nodes_(scratch, kNodeSortBytes) {}

TreeRows::Placed* TreeRows::find(NodeId node) {
  return node < 1 || static_cast<std::size_t>(node) > placed_.size()
             ? nullptr
             : &placed_[static_cast<std::size_t>(node) - 1];
}

Result<NodeId> TreeRows::add_node(const Node& node) {
  if (placed_.size() == std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::kInvalid, "the tree has too many nodes"};
  }
  const auto id = static_cast<NodeId>(placed_.size() + 1);
  std::string key;
  put_ordered(key, id);
  if (auto kept = nodes_.add(key, packed_node(node)); !kept) {
    return kept.error();
  }
  placed_.push_back({0, 0, 0, 0, node.kind});
  identities_.push_back(identity_of(node));
  newest_ = std::max({newest_, node.mtime, node.document_date});
  return id;
}

void TreeRows::set_content(NodeId node, std::uint64_t size,
                           NodeIdentity content) {
  sizes_[node] = size;
  identities_[static_cast<std::size_t>(node) - 1] ^= content;
}

Result<bool> TreeRows::add_entry(NodeId parent, std::string_view name,
                                 NodeId node) {
  Placed* const holder = find(parent);
  Placed* const named = find(node);
  if (holder == nullptr || named == nullptr ||
      holder->kind != NodeKind::kDirectory) {
    fault_ = "an entry's parent is no directory, or it has no node";
    return true;  // write() tells of it
  }
  if (!names_.insert(parent, name)) {
    return false;
  }
  std::string key;
  put_ordered(key, parent);
  key += name;
  std::string payload;
  put_plain(payload, node);
  if (auto kept = entries_.add(key, payload); !kept) {
    return kept.error();
  }
  if (named->names == 0) {
    identities_[static_cast<std::size_t>(node) - 1] ^=
        path_identity(identities_[static_cast<std::size_t>(parent) - 1], name);
  }
  const auto place = static_cast<std::uint32_t>(parent);
  named->parent = named->names == 0 ? place : std::min(named->parent, place);
  ++named->names;
  holder->directories += named->kind == NodeKind::kDirectory ? 1U : 0U;
  return true;
}

Result<void> TreeRows::check() const {
  if (fault_) {
    return broken_tree(*fault_);
  }
  if (placed_.empty() || placed_.front().kind != NodeKind::kDirectory) {
    return broken_tree("there is no root directory");
  }
  for (const Placed& node : placed_) {
    const bool is_root = &node == &placed_.front();
    if (node.names == 0 && !is_root) {
      return broken_tree("a node has no entry");
    }
    const std::uint32_t most = is_root ? 0 : 1;
    if (node.kind == NodeKind::kDirectory && node.names > most) {
      return broken_tree("a directory has more than one entry");
    }
  }
  return {};
}

// They come parent by parent, in byte order of their names.
Result<void> TreeRows::write_entries(RowWriter& rows) {
  const auto entries = rows.prepare("INSERT INTO entries(parent, name, node)");
  const auto signposts =
      rows.prepare("INSERT INTO signposts(parent, position, name)");
  if (!entries || !signposts) {
    return entries ? signposts.error() : entries.error();
  }
  NodeId last_parent = 0;
  std::uint32_t position = 0;
  return entries_.drain([&](std::string_view name,
                            std::string_view payload) -> Result<void> {
    const NodeId parent = take_ordered(name);
    const auto id = take_plain<NodeId>(payload);
    position = parent == last_parent ? position + 1 : 1;
    last_parent = parent;
    Placed* const node = find(id);
    if (node->parent == parent && node->position == 0) {
      node->position = position;
    }
    add_to_listing(parent, name, id);
    auto added = rows.add(*entries, {parent, name, id});
    return added && position % kSignpostEvery == 1
               ? rows.add(*signposts, {parent, std::int64_t{position}, name})
               : added;
  });
}

void TreeRows::add_to_listing(NodeId directory, std::string_view name,
                              NodeId node) {
  constexpr std::uint64_t kListingSeed = 0x6C697374;
  if (listings_.empty() || listings_.back().directory != directory) {
    listings_.push_back({directory, kListingSeed});
  }
  std::uint64_t& hash = listings_.back().hash;
  hash = StableHash(hash)
             .add(name)
             .add(identities_[static_cast<std::size_t>(node) - 1])
             .value();
}

// That of `node`, where it is a directory that lists something; else 0.
// REQUIRES: asked of in order of the nodes.
std::uint64_t TreeRows::next_listing(NodeId node) {
  const bool is_next = listings_taken_ < listings_.size() &&
                       listings_[listings_taken_].directory == node;
  return is_next ? listings_[listings_taken_++].hash : 0;
}

std::int64_t TreeRows::date_of(NodeId id, const Node& node,
                               std::uint64_t listing,
                               const Dates& dates) const {
  if (node.mtime != kUndated) {
    return node.mtime;
  }
  const bool is_remote = node.kind == NodeKind::kRemoteFile;
  const std::int64_t document = is_remote ? node.document_date : newest_;
  DateClues clues;
  if (document != kUndated) {
    clues.document = document;
  }
  if (dates.before != nullptr) {
    // A snapshot that cannot be read is one that knows nothing of the node.
    const auto known =
        dates.before->dated(identities_[static_cast<std::size_t>(id) - 1]);
    const bool is_same = known && (node.kind != NodeKind::kDirectory ||
                                   known->listing == listing);
    if (known) {
      (is_same ? clues.before : clues.outdated) = known->mtime;
    }
    clues.changed = is_remote ? std::nullopt : std::optional(dates.now);
  }
  return undated_date(clues);
}

Result<void> TreeRows::write_nodes(RowWriter& rows, const Dates& dates) {
  const auto nodes = rows.prepare(
      "INSERT INTO nodes(id, kind, size, mtime, links, content, number, "
      "parent, position, bytes)");
  if (!nodes) {
    return nodes.error();
  }
  const auto add = [&](std::string_view key,
                       std::string_view row) -> Result<void> {
    const NodeId id = take_ordered(key);
    const Node node = unpacked_node(row);
    const Placed& placed = *find(id);
    const auto sized = sizes_.find(id);
    const std::uint64_t listing = next_listing(id);
    const std::uint32_t links = node.kind == NodeKind::kDirectory
                                    ? 2 + placed.directories
                                    : placed.names;
    return rows.add(
        *nodes,
        {id,
         node.is_mapped ? kMappedKind : static_cast<std::int64_t>(node.kind),
         static_cast<std::int64_t>(sized == sizes_.end() ? node.size
                                                         : sized->second),
         date_of(id, node, listing, dates), std::int64_t{links},
         number_or_null(node.content != 0 ? node.content
                                          : static_cast<std::int64_t>(listing)),
         static_cast<std::int64_t>(
             identities_[static_cast<std::size_t>(id) - 1]),
         number_or_null(placed.parent), number_or_null(placed.position),
         node.bytes ? SqlValue(std::as_bytes(std::span(*node.bytes)))
                    : SqlValue()});
  };
  return nodes_.drain(add);
}

Result<void> TreeRows::write_numbers(
    RowWriter& rows, const std::vector<std::uint32_t>& order) const {
  const auto numbers = rows.prepare("INSERT INTO numbers(number, node)");
  if (!numbers) {
    return numbers.error();
  }
  for (const std::uint32_t index : order) {
    auto added =
        rows.add(*numbers, {static_cast<std::int64_t>(identities_[index]),
                            std::int64_t{index} + 1});
    if (!added) {
      return added;
    }
  }
  return {};
}

Result<void> TreeRows::write(RowWriter& rows, const Dates& dates) {
  if (auto checked = check(); !checked) {
    return checked;
  }
  names_ = EntrySet();  // its memory is for the order of the numbers
  Result<void> done = write_numbers(rows, number_nodes(identities_));
  if (done) {
    done = write_entries(rows);
  }
  return done ? write_nodes(rows, dates) : done;
}

}  // namespace omicsfs
