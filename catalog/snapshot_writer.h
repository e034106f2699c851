// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/remote_file.h"
#include "catalog/result.h"

// Writes one immutable catalog snapshot: a SQLite file that holds a source's
// whole tree. The rows go to a temporary file beside the target, which is
// fsynced and renamed by commit(), so that a snapshot under its own name is
// always whole.

namespace omicsfs {

using NodeId = std::int64_t;     // rows of `nodes`; the root is kRootNode
using ContentId = std::int64_t;  // rows of `contents`
inline constexpr NodeId kRootNode = 1;

// Far over any real file, and low enough that sizes of a few files, and a size
// with a block's rounding, cannot overflow.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 62U;

// Raised by one whenever the schema changes; Snapshot::open refuses others.
inline constexpr int kSnapshotSchemaVersion = 3;

struct SnapshotHeader {
  std::string source;            // "abc-atlas"
  std::uint32_t generation = 0;  // 1, 2, … of this source on this machine
  std::int64_t created_at = 0;   // seconds since the epoch
};

// A sample, an experiment and the like.
struct SnapshotRecord {
  std::string kind;  // "sample"
  std::string name;  // its accession
  std::string path;
  std::vector<std::pair<std::string, std::string>> fields;
};

// Thread-compatible. A writer destroyed before commit() removes its file.
class SnapshotWriter {
 public:
  // Errors: kIo, the temporary file cannot be made.
  static Result<SnapshotWriter> create(const std::filesystem::path& target,
                                       const SnapshotHeader& header);
  SnapshotWriter(SnapshotWriter&&) noexcept;
  SnapshotWriter& operator=(SnapshotWriter&&) noexcept;
  ~SnapshotWriter();

  // The content's row: an existing one where content_key is equal (urls that
  // are new are then added after those known); a member's archive gets one,
  // too. Errors: kIo; kInvalid where the size is over 2^62, or where there is
  // nowhere to get the bytes from.
  Result<ContentId> add_content(const RemoteFile& file);

  // Each makes a node; `mtime` is in seconds since the epoch. Errors: kIo.
  Result<NodeId> add_directory(std::int64_t mtime);
  Result<NodeId> add_remote_file(ContentId content, std::uint64_t size,
                                 std::int64_t mtime);
  Result<NodeId> add_inline_file(std::string_view bytes, std::int64_t mtime);
  Result<NodeId> add_symlink(std::string_view target, std::int64_t mtime);

  // Whether `parent` has the name `name`. Errors: kIo.
  Result<bool> has_entry(NodeId parent, std::string_view name);
  // Gives `node` the name `name` in `parent`.
  // Errors: kInvalid where `parent` has that name already; kIo.
  Result<void> add_entry(NodeId parent, std::string_view name, NodeId node);

  // A value shown as the extended attribute `user.<name>` of `node`.
  Result<void> set_xattr(NodeId node, std::string_view name,
                         std::string_view value);
  // Something that the source describes, to be found by its fields, pairs of a
  // name and a value; `path` is where in the tree it is, or "".
  Result<void> add_record(const SnapshotRecord& record);
  // A fact about the snapshot as a whole, as Snapshot::property gives it.
  Result<void> set_property(std::string_view name, std::string_view value);

  // Counts links, numbers the entries of each directory in byte order of their
  // names, checks the whole, syncs it and gives it its name (replacing an older
  // file of that name). Errors: kIo; kInvalid where there is no root, a node
  // has no entry, a directory has two, or an entry's parent is no directory.
  // The writer is spent either way.
  Result<void> commit();

 private:
  struct Tables;
  explicit SnapshotWriter(std::unique_ptr<Tables> tables);
  Result<ContentId> add_member(ContentId content, const MemberPlace& place);
  std::unique_ptr<Tables> tables_;
};

}  // namespace omicsfs
