// SPDX-License-Identifier: MIT
#include "catalog/tree_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "catalog/row_writer.h"
#include "catalog/snapshot_schema.h"
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
  node.content = take_plain<ContentId>(row);
  if (has_bytes) {
    node.bytes = row;
  }
  return node;
}

SqlValue number_or_null(std::int64_t value) {
  return value == 0 ? SqlValue() : SqlValue(value);
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
  return id;
}

void TreeRows::set_size(NodeId node, std::uint64_t size) {
  sizes_[node] = size;
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
    auto added = rows.add(*entries, {parent, name, id});
    return added && position % kSignpostEvery == 1
               ? rows.add(*signposts, {parent, std::int64_t{position}, name})
               : added;
  });
}

Result<void> TreeRows::write_nodes(RowWriter& rows) {
  const auto nodes = rows.prepare(
      "INSERT INTO nodes(id, kind, size, mtime, links, content, parent, "
      "position, bytes)");
  if (!nodes) {
    return nodes.error();
  }
  const auto add = [&](std::string_view key,
                       std::string_view row) -> Result<void> {
    const NodeId id = take_ordered(key);
    const Node node = unpacked_node(row);
    const Placed& placed = *find(id);
    const auto sized = sizes_.find(id);
    const std::uint32_t links = node.kind == NodeKind::kDirectory
                                    ? 2 + placed.directories
                                    : placed.names;
    return rows.add(
        *nodes,
        {id,
         node.is_mapped ? kMappedKind : static_cast<std::int64_t>(node.kind),
         static_cast<std::int64_t>(sized == sizes_.end() ? node.size
                                                         : sized->second),
         node.mtime, std::int64_t{links}, number_or_null(node.content),
         number_or_null(placed.parent), number_or_null(placed.position),
         node.bytes ? SqlValue(std::as_bytes(std::span(*node.bytes)))
                    : SqlValue()});
  };
  return nodes_.drain(add);
}

Result<void> TreeRows::write(RowWriter& rows) {
  Result<void> done = check();
  if (done) {
    done = write_entries(rows);
  }
  return done ? write_nodes(rows) : done;
}

}  // namespace omicsfs
