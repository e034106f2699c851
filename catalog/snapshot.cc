// SPDX-License-Identifier: MIT
#include "catalog/snapshot.h"

#include <algorithm>
#include <limits>
#include <span>

#include "catalog/entry_name.h"
#include "catalog/inline_chunks.h"
#include "catalog/snapshot_check.h"
#include "catalog/snapshot_content.h"
#include "catalog/snapshot_pool.h"
#include "catalog/snapshot_rows.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sqlite.h"

namespace omicsfs {
namespace {

Error no_node(NodeId id) {
  return {ErrorCode::kNotFound, "no node " + std::to_string(id)};
}

Error no_number(NodeNumber number) {
  return {ErrorCode::kNotFound,
          "no node has the number " + std::to_string(number)};
}

// As step_to, for queries of a node whose first column is its kind.
Result<void> step_to_kind(Rows& rows, NodeId id, NodeKind kind) {
  Result<void> found = step_to(rows, no_node(id));
  const bool is_mapped =
      found && kind == NodeKind::kRemoteFile && rows.integer(0) == kMappedKind;
  if (found && !is_mapped &&
      rows.integer(0) != static_cast<std::int64_t>(kind)) {
    return Error{ErrorCode::kInvalid,
                 "node " + std::to_string(id) + " is of another kind"};
  }
  return found;
}

// The node in columns 0 to 5.
Result<NodeFacts> node_facts(const Rows& rows) {
  const bool is_mapped = rows.integer(1) == kMappedKind;
  const std::int64_t kind =
      is_mapped ? static_cast<std::int64_t>(NodeKind::kRemoteFile)
                : rows.integer(1);
  const std::int64_t size = rows.integer(2);
  const std::int64_t links = rows.integer(4);
  const std::int64_t number = rows.integer(5);
  const bool valid =
      kind >= static_cast<std::int64_t>(NodeKind::kDirectory) &&
      kind <= static_cast<std::int64_t>(NodeKind::kSymlink) && size >= 0 &&
      links >= 0 && links <= std::numeric_limits<std::uint32_t>::max() &&
      number > 0 && number <= static_cast<std::int64_t>(kMaxNodeNumber);
  if (!valid) {
    return damaged_snapshot("node " + std::to_string(rows.integer(0)));
  }
  return NodeFacts{rows.integer(0),
                   static_cast<NodeKind>(kind),
                   static_cast<std::uint64_t>(size),
                   rows.integer(3),
                   static_cast<std::uint32_t>(links),
                   is_mapped,
                   static_cast<NodeNumber>(number)};
}

Result<DirectoryEntry> directory_entry(const Rows& rows,
                                       std::uint64_t position) {
  const Result<NodeFacts> node = node_facts(rows);
  if (!node) {
    return node.error();
  }
  const std::string_view name = rows.text(6);
  if (const Result<void> valid = check_entry_name(name); !valid) {
    return damaged_snapshot("an entry " + omicsfs::quoted(name));
  }
  return DirectoryEntry{std::string(name), position, *node};
}

// From where a listing goes on.
struct Signpost {
  std::int64_t position = 0;
  std::string name;
};

// The last one up to `position`; none where the directory is empty.
Result<std::optional<Signpost>> signpost_before(SnapshotConnection& connection,
                                                NodeId parent,
                                                std::int64_t position) {
  Rows rows = connection.rows(SnapshotQuery::kSignpost, {parent, position});
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? std::optional(
                      Signpost{rows.integer(0), std::string(rows.text(1))})
                : std::nullopt;
}

Result<std::string> chunk_at(SnapshotConnection& connection, NodeId id,
                             std::uint64_t number) {
  Rows rows = connection.rows(SnapshotQuery::kChunk, {chunk_row(id, number)});
  const Result<void> found = step_to(rows, damaged_snapshot("a chunk"));
  return found ? unpack_chunk(rows.blob(0)) : found.error();
}

// The bytes from `start` to `end` of the file `id`, which is kept in chunks.
Result<std::string> chunked_bytes(SnapshotConnection& connection, NodeId id,
                                  std::uint64_t start, std::uint64_t end) {
  std::string bytes;
  while (start < end) {
    auto chunk = chunk_at(connection, id, start / kChunkBytes);
    if (!chunk) {
      return chunk;
    }
    const std::uint64_t within = start % kChunkBytes;
    const std::uint64_t count = std::min(end - start, kChunkBytes - within);
    if (within + count > chunk->size()) {
      return damaged_snapshot("a chunk is short");
    }
    bytes.append(*chunk, within, count);
    start += count;
  }
  return bytes;
}

// SQLite's integers are signed. The next one is one, too.
std::int64_t to_int64(std::uint64_t value) {
  constexpr auto kMax =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - 1);
  return static_cast<std::int64_t>(std::min(value, kMax));
}

}  // namespace

Snapshot::Snapshot(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Snapshot::~Snapshot() = default;

Result<std::shared_ptr<const Snapshot>> Snapshot::open(
    const std::filesystem::path& path) {
  Result<UniqueFd> fd = open_snapshot_file(path);
  if (!fd) {
    return fd.error();
  }
  Result<SnapshotHeader> header = examine_snapshot(path, fd->get());
  if (!header) {
    return header.error().within(path.native());
  }
  const int schema = header->schema;
  auto pool = std::make_unique<Pool>(path, *std::move(fd), *std::move(header));
  {
    const Result<Pool::Lease> first = pool->borrow();
    if (!first && schema != kSnapshotSchemaVersion) {
      return other_schema(schema).within(path.native());
    }
    if (!first) {
      return first.error();
    }
  }
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(pool)));
}

const SnapshotHeader& Snapshot::header() const { return pool_->header(); }

Result<NodeFacts> Snapshot::node(NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kNode, {id});
  const Result<void> found = step_to(rows, no_node(id));
  return found ? node_facts(rows) : found.error();
}

Result<NodeFacts> Snapshot::numbered(NodeNumber number) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kNumbered,
                             {static_cast<std::int64_t>(number)});
  const Result<void> found = step_to(rows, no_number(number));
  return found ? node_facts(rows) : found.error();
}

Result<Snapshot::Dated> Snapshot::dated(NodeNumber number) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kDated,
                             {static_cast<std::int64_t>(number)});
  const Result<void> found = step_to(rows, no_number(number));
  if (!found) {
    return found.error();
  }
  return Dated{
      rows.integer(0),
      rows.is_null(1) ? 0 : static_cast<std::uint64_t>(rows.integer(1))};
}

Result<NodeFacts> Snapshot::lookup(NodeId parent, std::string_view name) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kLookup, {parent, name});
  const Result<void> found = step_to(
      rows, {ErrorCode::kNotFound, "no entry " + omicsfs::quoted(name)});
  return found ? node_facts(rows) : found.error();
}

Result<std::vector<DirectoryEntry>> Snapshot::list(NodeId parent,
                                                   std::uint64_t after,
                                                   std::size_t limit) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  std::vector<DirectoryEntry> entries;
  const std::int64_t first = to_int64(after) + 1;
  const auto signpost = signpost_before(**lease, parent, first);
  if (!signpost || !*signpost) {
    return signpost ? Result<std::vector<DirectoryEntry>>(std::move(entries))
                    : signpost.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kList,
                             {parent, (*signpost)->name, to_int64(limit),
                              first - (*signpost)->position});
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return entries;
    }
    Result<DirectoryEntry> entry =
        directory_entry(rows, after + entries.size() + 1);
    if (!entry) {
      return entry.error();
    }
    entries.push_back(*std::move(entry));
  }
}

Result<NodeId> Snapshot::parent_of(NodeId directory) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kParent, {directory});
  const Result<void> found =
      step_to_kind(rows, directory, NodeKind::kDirectory);
  if (!found) {
    return found.error();
  }
  return directory == kRootNode ? kRootNode : rows.integer(1);
}

Result<EntryPlace> Snapshot::first_entry(NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kFirstEntry, {id});
  const Result<void> found = step_to(rows, no_node(id));
  if (!found) {
    return found.error();
  }
  if (rows.is_null(0) || rows.integer(1) <= 0) {
    return Error{ErrorCode::kNotFound,
                 "node " + std::to_string(id) + " has no entry"};
  }
  return EntryPlace{rows.integer(0),
                    static_cast<std::uint64_t>(rows.integer(1))};
}

Result<RemoteFile> Snapshot::remote_file(NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  ContentId content = 0;
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kContentOf, {id});
    const Result<void> found = step_to_kind(rows, id, NodeKind::kRemoteFile);
    if (!found) {
      return found.error();
    }
    if (rows.is_null(1)) {
      return damaged_snapshot("node " + std::to_string(id) + " has no content");
    }
    content = rows.integer(1);
  }
  return content_at(**lease, content);
}

Result<std::string> Snapshot::inline_bytes(NodeId id, std::uint64_t offset,
                                           std::uint64_t length) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  std::uint64_t size = 0;
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kInlineBytes, {id});
    const Result<void> found = step_to_kind(rows, id, NodeKind::kInlineFile);
    if (!found) {
      return found.error();
    }
    if (!rows.is_null(2)) {
      const std::string bytes = blob_text(rows, 2);
      return bytes.substr(std::min<std::uint64_t>(offset, bytes.size()),
                          length);
    }
    size =
        static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(1), 0));
  }
  const std::uint64_t start = std::min(offset, size);
  return chunked_bytes(**lease, id, start,
                       start + std::min(length, size - start));
}

Result<std::string> Snapshot::symlink_target(NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kSymlink, {id});
  const Result<void> found = step_to_kind(rows, id, NodeKind::kSymlink);
  return found ? blob_text(rows, 1) : Result<std::string>(found.error());
}

Result<std::optional<std::string>> Snapshot::property(
    std::string_view name) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  Rows rows = (*lease)->rows(SnapshotQuery::kProperty, {name});
  return optional_text(rows);
}

}  // namespace omicsfs
