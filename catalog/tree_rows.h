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
#include "catalog/node_date.h"
#include "catalog/node_number.h"
#include "catalog/result.h"
#include "catalog/row_writer.h"
#include "catalog/snapshot.h"

namespace omicsfs {

// The nodes and entries of a tree that is being made. They are put into
// temporary files and become rows in the end: only then is it known how many
// names a node has and where among its siblings it stands, and rows that come
// in the order of their keys change few pages at a time. Held in memory are
// some 50 bytes for each node and entry. Thread-compatible.
class TreeRows {
 public:
  // The temporary files come to be in `scratch`, once there is much to keep.
  explicit TreeRows(const std::filesystem::path& scratch);

  struct Node {
    NodeKind kind = NodeKind::kDirectory;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;  // seconds since the epoch, or kUndated
    ContentId content = 0;   // 0 = none
    std::optional<std::string_view> bytes{};
    bool is_mapped = false;
    // Of a remote file: file_identity(). Of all others it is found out here.
    NodeIdentity identity = 0;
    // Of a remote file that is undated: its document's, or kUndated.
    std::int64_t document_date = kUndated;
  };
  // The ids of nodes are 1, 2, … Errors: kInvalid, there are 2^32 nodes; kIo,
  // kNoSpace, the temporary file.
  Result<NodeId> add_node(const Node& node);
  // Says what was not known when the inline file `node` was added without
  // bytes: its size, and the identity of its content.
  void set_content(NodeId node, std::uint64_t size, NodeIdentity content);

  [[nodiscard]] bool has_entry(NodeId parent, std::string_view name) const {
    return names_.contains(parent, name);
  }
  // False where `parent` has that name already. A directory is given its own
  // name before the names in it, which make up the paths. Errors: kIo,
  // kNoSpace.
  Result<bool> add_entry(NodeId parent, std::string_view name, NodeId node);

  // What undated nodes take their dates from.
  struct Dates {
    const Snapshot* before = nullptr;  // may be null
    std::int64_t now = 0;              // of the refresh
  };
  // Puts all into the tables nodes, numbers, entries and signposts. The rows
  // are spent.
  // Errors: kInvalid, there is no root directory, a node has no entry, a
  // directory has two, or the parent of an entry is no directory; kIo,
  // kNoSpace.
  Result<void> write(RowWriter& rows, const Dates& dates);

 private:
  struct Listing {  // a hash of what a directory lists
    NodeId directory = 0;
    std::uint64_t hash = 0;
  };
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
  Result<void> write_nodes(RowWriter& rows, const Dates& dates);
  void add_to_listing(NodeId directory, std::string_view name, NodeId node);
  [[nodiscard]] std::uint64_t next_listing(NodeId node);
  [[nodiscard]] std::int64_t date_of(NodeId id, const Node& node,
                                     std::uint64_t listing,
                                     const Dates& dates) const;
  Result<void> write_numbers(RowWriter& rows,
                             const std::vector<std::uint32_t>& order) const;

  std::vector<Placed> placed_;  // by id less one
  // Likewise, until write() puts the numbers in place of the identities.
  std::vector<std::uint64_t> identities_;
  std::unordered_map<NodeId, std::uint64_t> sizes_;  // by set_content
  EntrySet names_;
  ExternalSort entries_;              // by parent and name
  ExternalSort nodes_;                // by id
  std::vector<Listing> listings_;     // in order of their directories
  std::size_t listings_taken_ = 0;    // by next_listing()
  std::int64_t newest_ = kUndated;    // of the dates that were told
  std::optional<std::string> fault_;  // of an entry
};

}  // namespace omicsfs
