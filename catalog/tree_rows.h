// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/entry_set.h"
#include "catalog/external_sort.h"
#include "catalog/result.h"
#include "catalog/row_writer.h"
#include "catalog/snapshot.h"

namespace omicsfs {

// The nodes and entries of a tree that is being made. They are put into
// temporary files and become rows in the end: only then is it known how many
// names a node has and where among its siblings it stands, and rows that come
// in the order of their keys change few pages at a time. Held in memory are
// some 40 bytes for each node and entry. Thread-compatible.
class TreeRows {
 public:
  // The temporary files come to be in `scratch`, once there is much to keep.
  explicit TreeRows(const std::filesystem::path& scratch);

  struct Node {
    NodeKind kind = NodeKind::kDirectory;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;  // seconds since the epoch
    ContentId content = 0;   // 0 = none
    std::optional<std::string_view> bytes{};
    bool is_mapped = false;
  };
  // The ids of nodes are 1, 2, … Errors: kInvalid, there are 2^32 nodes; kIo,
  // kNoSpace, the temporary file.
  Result<NodeId> add_node(const Node& node);
  // Says the size of `node`, which was not known when it was added.
  void set_size(NodeId node, std::uint64_t size);

  [[nodiscard]] bool has_entry(NodeId parent, std::string_view name) const {
    return names_.contains(parent, name);
  }
  // False where `parent` has that name already. Errors: kIo, kNoSpace.
  Result<bool> add_entry(NodeId parent, std::string_view name, NodeId node);

  // Puts all into the tables nodes, entries and signposts. The rows are spent.
  // Errors: kInvalid, there is no root directory, a node has no entry, a
  // directory has two, or the parent of an entry is no directory; kIo,
  // kNoSpace.
  Result<void> write(RowWriter& rows);

 private:
  struct Placed {                   // what is known of a node
    std::uint32_t names = 0;        // entries that it has
    std::uint32_t directories = 0;  // within it
    std::uint32_t parent = 0;       // of its first entry
    std::uint32_t position = 0;     // there
    NodeKind kind = NodeKind::kDirectory;
  };

  Placed* find(NodeId node);
  [[nodiscard]] Result<void> check() const;
  Result<void> write_entries(RowWriter& rows);
  Result<void> write_nodes(RowWriter& rows);

  std::vector<Placed> placed_;                       // by id less one
  std::unordered_map<NodeId, std::uint64_t> sizes_;  // by set_size
  EntrySet names_;
  ExternalSort entries_;              // by parent and name
  ExternalSort nodes_;                // by id
  std::optional<std::string> fault_;  // of an entry
};

}  // namespace omicsfs
