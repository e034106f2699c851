// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/node_number.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/snapshot_writer.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

enum class NodeKind {
  kDirectory = 1,
  kRemoteFile = 2,
  kInlineFile = 3,
  kSymlink = 4
};

// What stat(2) needs of a node.
struct NodeFacts {
  NodeId id = 0;
  NodeKind kind = NodeKind::kDirectory;
  std::uint64_t size = 0;   // bytes; 0 for a directory
  std::int64_t mtime = 0;   // seconds since the epoch
  std::uint32_t links = 1;  // st_nlink: names of a file; 2 + sub-directories
  bool is_mapped = false;   // a remote file that programs map
  NodeNumber number = 0;    // the same in every snapshot (node_number.h)
};

struct DirectoryEntry {
  std::string name;
  std::uint64_t position = 0;  // 1, 2, … in byte order of the names
  NodeFacts node;
};

struct EntryPlace {  // where a name of a node stands
  NodeId parent = 0;
  std::uint64_t position = 0;
};

// Reads one snapshot. The file is opened immutable: it never changes under us,
// and nothing here ever waits for a lock of SQLite's. Thread-safe: each call
// borrows one of a pool of connections, whose statements are prepared once.
// Errors of all reads: kNotFound where the node or name is not there; kInvalid
// where the node is of another kind; kCorrupt where the file is damaged; kIo
// where it cannot be read.
class Snapshot {
 public:
  // Errors: kNotFound, no such file; kCorrupt, not a whole snapshot of ours;
  // kInvalid, written with a schema version that cannot be read (the message
  // says which and to run `omicsfs refresh`).
  static Result<std::shared_ptr<const Snapshot>> open(
      const std::filesystem::path& path);
  ~Snapshot();

  [[nodiscard]] const SnapshotHeader& header() const;

  [[nodiscard]] Result<NodeFacts> node(NodeId id) const;
  [[nodiscard]] Result<NodeFacts> numbered(NodeNumber number) const;
  // What undated nodes of the next snapshot take their dates from.
  struct Dated {
    std::int64_t mtime = 0;
    std::uint64_t listing = 0;  // of a directory: a hash of what it lists
  };
  [[nodiscard]] Result<Dated> dated(NodeNumber number) const;
  [[nodiscard]] Result<NodeFacts> lookup(NodeId parent,
                                         std::string_view name) const;
  // Up to `limit` entries of a directory whose position is over `after`, in
  // order; empty at the end. Not an error where `parent` is no directory.
  [[nodiscard]] Result<std::vector<DirectoryEntry>> list(
      NodeId parent, std::uint64_t after, std::size_t limit) const;
  // The directory that holds `directory`; the root holds itself.
  [[nodiscard]] Result<NodeId> parent_of(NodeId directory) const;
  // The lowest, where a node has several. Errors: also kNotFound of the root.
  [[nodiscard]] Result<EntryPlace> first_entry(NodeId id) const;

  [[nodiscard]] Result<RemoteFile> remote_file(NodeId id) const;
  // Bytes of an inline file from `offset`, at most `length`; shorter only at
  // the file's end.
  [[nodiscard]] Result<std::string> inline_bytes(NodeId id,
                                                 std::uint64_t offset,
                                                 std::uint64_t length) const;
  [[nodiscard]] Result<std::string> symlink_target(NodeId id) const;
  // Extended attributes that the source gave, without the "user." prefix,
  // ordered by name.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> xattrs(
      NodeId id) const;
  [[nodiscard]] Result<std::optional<std::string>> xattr(
      NodeId id, std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::string>> property(
      std::string_view name) const;

 private:
  class Pool;
  explicit Snapshot(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

// Where a source's snapshots lie below the state directory, and which is
// current: `<state_dir>/snapshots/<source>/<generation>.sqlite`.
// The newest snapshot's path. Errors: kNotFound, the source has none.
Result<std::filesystem::path> current_snapshot(
    const std::filesystem::path& state_dir, std::string_view source);
// Opens the current snapshot, also while refreshes replace it. Errors: those of
// current_snapshot and Snapshot::open.
Result<std::shared_ptr<const Snapshot>> open_current_snapshot(
    const std::filesystem::path& state_dir, std::string_view source);
// The path and generation that the next refresh writes. Makes the directory.
struct NextSnapshot {
  std::filesystem::path path;
  std::uint32_t generation;
};
Result<NextSnapshot> next_snapshot(const std::filesystem::path& state_dir,
                                   std::string_view source);
// Held by a refresh for its life, so that no two write one generation. Errors:
// kTimedOut, another process is refreshing this source; kIo. Makes the
// directory.
Result<UniqueFd> lock_snapshots(const std::filesystem::path& state_dir,
                                std::string_view source);
// Removes all but the current snapshot, also what a killed refresh left; not
// those in use (an open Snapshot or SnapshotWriter holds a flock on its file).
void prune_snapshots(const std::filesystem::path& state_dir,
                     std::string_view source);

}  // namespace omicsfs
