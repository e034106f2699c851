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

#include "catalog/node_date.h"
#include "catalog/record.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"

// Writes one immutable catalog snapshot: a SQLite file that holds a source's
// whole tree. The rows go to a temporary file beside the target, which is
// fsynced and renamed by commit(), so that a snapshot under its own name is
// always whole.

namespace omicsfs {

class Snapshot;

using NodeId = std::int64_t;     // rows of `nodes`; the root is kRootNode
using ContentId = std::int64_t;  // rows of `contents`
inline constexpr NodeId kRootNode = 1;

// Far over any real file, and low enough that sizes of a few files, and a size
// with a block's rounding, cannot overflow.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 62U;

// Raised by one whenever the schema changes. Snapshot::open reads an older one
// as far as its tables have what is asked of them, and refuses newer ones.
inline constexpr int kSnapshotSchemaVersion = 8;

struct SnapshotHeader {
  std::string source;            // "abc-atlas"
  std::uint32_t generation = 0;  // 1, 2, … of this source on this machine
  std::int64_t created_at = 0;   // seconds since the epoch
  int schema = kSnapshotSchemaVersion;  // of a snapshot that is read
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

  // A row for the content; a member's archive gets one, too, once for all its
  // members, and so does the array of columns. Errors: kIo; kInvalid where the
  // size is over 2^62, where there is nowhere to get the bytes from, or a url
  // has a line break.
  Result<ContentId> add_content(const RemoteFile& file);

  // The snapshot whose dates undated nodes keep; null: none. At first none.
  void keep_dates_of(std::shared_ptr<const Snapshot> before);
  // The date of the document that lists the files which are added from now on,
  // where they have none; at first there is none.
  void set_document_date(std::optional<std::int64_t> date);

  // Each makes a node; `mtime` is in seconds since the epoch, or kUndated, for
  // which node_date.h tells what it becomes; `content` is that of `file`.
  // Errors: kIo.
  Result<NodeId> add_directory(std::int64_t mtime);
  Result<NodeId> add_remote_file(ContentId content, const RemoteFile& file,
                                 std::int64_t mtime);
  Result<NodeId> add_inline_file(std::string_view bytes, std::int64_t mtime);
  // An inline file that is too large to be held: its bytes come by append_bytes
  // until end_bytes. Errors of these: kIo; kNoSpace; kInvalid, more than 2^40
  // bytes.
  Result<NodeId> begin_inline_file(std::int64_t mtime);
  Result<void> append_bytes(NodeId file, std::string_view bytes);
  Result<void> end_bytes(NodeId file);
  Result<NodeId> add_symlink(std::string_view target, std::int64_t mtime);

  // Whether `parent` has the name `name`.
  [[nodiscard]] bool has_entry(NodeId parent, std::string_view name) const;
  // Gives `node` the name `name` in `parent`. Errors: kInvalid, the name is
  // taken; kIo.
  Result<void> add_entry(NodeId parent, std::string_view name, NodeId node);

  // A value shown as the extended attribute `user.<name>` of `node`.
  Result<void> set_xattr(NodeId node, std::string_view name,
                         std::string_view value);
  // Something that the source describes, to be found by its fields. Records of
  // nodes come in order of their nodes, and before those of none. Errors:
  // kInvalid, they do not, or those of RecordIndex::add; kIo.
  Result<void> add_record(const NewRecord& record);
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
  Result<ContentId> add_columns(ContentId content, const ColumnPlace& place);
  Result<ContentId> content_of(const RemoteFile& whole);
  std::unique_ptr<Tables> tables_;
};

}  // namespace omicsfs
