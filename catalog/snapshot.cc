// SPDX-License-Identifier: MIT
#include "catalog/snapshot.h"

#include <algorithm>
#include <limits>
#include <span>

#include "catalog/entry_name.h"
#include "catalog/inline_chunks.h"
#include "catalog/snapshot_check.h"
#include "catalog/snapshot_pool.h"
#include "catalog/snapshot_records.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sqlite.h"

namespace omicsfs {
namespace {

Error no_node(NodeId id) {
  return {ErrorCode::kNotFound, "no node " + std::to_string(id)};
}

// Goes to the one row that is wanted. Errors: `absent` where there is none.
Result<void> step_to(Rows& rows, Error absent) {
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? Result<void>() : Result<void>(std::move(absent));
}

// As step_to, for queries of a node whose first column is its kind.
Result<void> step_to_kind(Rows& rows, NodeId id, NodeKind kind) {
  Result<void> found = step_to(rows, no_node(id));
  if (found && rows.integer(0) != static_cast<std::int64_t>(kind)) {
    return Error{ErrorCode::kInvalid,
                 "node " + std::to_string(id) + " is of another kind"};
  }
  return found;
}

// The node in columns 0 to 4.
Result<NodeFacts> node_facts(const Rows& rows) {
  const std::int64_t kind = rows.integer(1);
  const std::int64_t size = rows.integer(2);
  const std::int64_t links = rows.integer(4);
  const bool valid = kind >= static_cast<std::int64_t>(NodeKind::kDirectory) &&
                     kind <= static_cast<std::int64_t>(NodeKind::kSymlink) &&
                     size >= 0 && links >= 0 &&
                     links <= std::numeric_limits<std::uint32_t>::max();
  if (!valid) {
    return damaged_snapshot("node " + std::to_string(rows.integer(0)));
  }
  return NodeFacts{rows.integer(0), static_cast<NodeKind>(kind),
                   static_cast<std::uint64_t>(size), rows.integer(3),
                   static_cast<std::uint32_t>(links)};
}

Result<DirectoryEntry> directory_entry(const Rows& rows) {
  const Result<NodeFacts> node = node_facts(rows);
  if (!node) {
    return node.error();
  }
  const std::string_view name = rows.text(5);
  const std::int64_t position = rows.integer(6);
  const Result<void> valid = check_entry_name(name);
  if (!valid || position <= 0) {
    return damaged_snapshot("an entry " + omicsfs::quoted(name));
  }
  return DirectoryEntry{std::string(name), static_cast<std::uint64_t>(position),
                        *node};
}

// The lines of contents.urls.
std::vector<std::string> urls_in(std::string_view lines) {
  std::vector<std::string> urls;
  while (!lines.empty()) {
    const std::string_view url = lines.substr(0, lines.find('\n'));
    urls.emplace_back(url);
    lines.remove_prefix(std::min(url.size() + 1, lines.size()));
  }
  return urls;
}

// A row of kContent: the content without its urls, and where it lies.
struct ContentRow {
  RemoteFile file;
  std::optional<ContentId> archive;
  MemberPlace place{};  // but for its archive
};

bool is_method(std::int64_t number) {
  return number == static_cast<std::int64_t>(MemberMethod::kStored) ||
         number == static_cast<std::int64_t>(MemberMethod::kDeflated) ||
         number == static_cast<std::int64_t>(MemberMethod::kUnreadable);
}

// The place in columns 5 to 7. False for what cannot be.
bool read_place(const Rows& rows, MemberPlace& place) {
  const std::int64_t offset = rows.integer(5);
  const std::int64_t compressed = rows.integer(6);
  if (offset < 0 || compressed < 0 || !is_method(rows.integer(7))) {
    return false;
  }
  place.header_offset = static_cast<std::uint64_t>(offset);
  place.compressed_size = static_cast<std::uint64_t>(compressed);
  place.method = static_cast<MemberMethod>(rows.integer(7));
  return true;
}

Result<ContentRow> content_row(const Rows& rows) {
  ContentRow row;
  const std::int64_t size = rows.integer(0);
  if (size < 0) {
    return damaged_snapshot("a content's size");
  }
  row.file.size = static_cast<std::uint64_t>(size);
  if (!rows.text(1).empty()) {
    Result<Digest> digest = parse_digest_text(rows.text(1));
    if (!digest) {
      return damaged_snapshot(digest.error().message);
    }
    row.file.digest = *std::move(digest);
  }
  row.file.validator = rows.text(2);
  row.file.local_path = rows.text(3);
  row.file.urls = urls_in(rows.text(8));
  row.file.is_mapped = rows.integer(9) != 0;
  if (!rows.is_null(4)) {
    row.archive = rows.integer(4);
    if (!read_place(rows, row.place)) {
      return damaged_snapshot("a member's place");
    }
  }
  return row;
}

Result<ContentRow> read_content(SnapshotConnection& connection, ContentId id) {
  Rows rows = connection.rows(SnapshotQuery::kContent, {id});
  const Result<void> found =
      step_to(rows, damaged_snapshot("no content " + std::to_string(id)));
  return found ? content_row(rows) : found.error();
}

// A content that is no member.
Result<RemoteFile> whole_content(ContentRow row, ContentId id) {
  if (row.archive) {
    return damaged_snapshot("an archive lies within another");
  }
  if (row.file.urls.empty() && row.file.local_path.empty()) {
    return damaged_snapshot("content " + std::to_string(id) + " has no url");
  }
  return std::move(row.file);
}

Result<RemoteFile> content_at(SnapshotConnection& connection, ContentId id) {
  Result<ContentRow> row = read_content(connection, id);
  if (!row || !row->archive) {
    return row ? whole_content(*std::move(row), id) : row.error();
  }
  Result<ContentRow> outer = read_content(connection, *row->archive);
  if (!outer) {
    return outer.error();
  }
  Result<RemoteFile> archive = whole_content(*std::move(outer), *row->archive);
  if (!archive) {
    return archive;
  }
  row->place.archive = std::make_shared<const RemoteFile>(*std::move(archive));
  row->file.member = std::move(row->place);
  return std::move(row->file);
}

// The text of column 0 of the one row, where there is one.
Result<std::optional<std::string>> optional_text(Rows& rows) {
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? std::optional<std::string>(rows.text(0)) : std::nullopt;
}

std::string blob_text(const Rows& rows, int column) {
  const std::span<const std::byte> bytes = rows.blob(column);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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

// The fields of the record of node `id`; none where it has no record.
Result<std::vector<RecordValue>> record_of(SnapshotConnection& connection,
                                           NodeId id) {
  std::string blob;
  {
    Rows rows = connection.rows(SnapshotQuery::kRecord, {id});
    const Result<bool> found = rows.step();
    if (!found) {
      return found.error();
    }
    if (!*found) {
      return std::vector<RecordValue>();
    }
    blob = blob_text(rows, 0);
  }
  return record_values(
      std::as_bytes(std::span(blob)),
      [&](std::int64_t field) -> Result<FieldName> {
        Rows rows = connection.rows(SnapshotQuery::kField, {field});
        const auto found = step_to(rows, damaged_snapshot("a field"));
        return found ? Result<FieldName>(
                           {std::string(rows.text(0)),
                            static_cast<FieldKind>(rows.integer(1))})
                     : found.error();
      },
      [&](std::int64_t text) -> Result<std::string> {
        Rows rows = connection.rows(SnapshotQuery::kText, {text});
        const auto found = step_to(rows, damaged_snapshot("a text"));
        return found ? Result<std::string>(std::string(rows.text(0)))
                     : found.error();
      });
}

// What stands before a field's name in the attribute of its node; none where
// fields are no attributes here.
Result<std::optional<std::string>> field_prefix(
    SnapshotConnection& connection) {
  Rows rows = connection.rows(SnapshotQuery::kProperty, {kFieldPrefixProperty});
  return optional_text(rows);
}

// SQLite's integers are signed.
std::int64_t to_int64(std::uint64_t value) {
  constexpr auto kMax =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
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
  auto pool = std::make_unique<Pool>(path, *std::move(fd), *std::move(header));
  {
    const Result<Pool::Lease> first = pool->borrow();
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
  Rows rows = (*lease)->rows(SnapshotQuery::kList,
                             {parent, to_int64(after), to_int64(limit)});
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return entries;
    }
    Result<DirectoryEntry> entry = directory_entry(rows);
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

Result<std::vector<std::pair<std::string, std::string>>> Snapshot::xattrs(
    NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  std::vector<std::pair<std::string, std::string>> all;
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kXattrs, {id});
    while (true) {
      const Result<bool> more = rows.step();
      if (!more) {
        return more.error();
      }
      if (!*more) {
        break;
      }
      all.emplace_back(rows.text(0), rows.text(1));
    }
  }
  const auto prefix = field_prefix(**lease);
  if (!prefix || !*prefix) {
    return prefix ? Result<std::vector<std::pair<std::string, std::string>>>(
                        std::move(all))
                  : prefix.error();
  }
  const auto fields = record_of(**lease, id);
  if (!fields) {
    return fields.error();
  }
  for (const RecordValue& field : *fields) {
    all.emplace_back(**prefix + field.name, field.text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::optional<std::string>> Snapshot::xattr(
    NodeId id, std::string_view name) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kXattr, {id, name});
    auto own = optional_text(rows);
    if (!own || *own) {
      return own;
    }
  }
  const auto prefix = field_prefix(**lease);
  if (!prefix || !*prefix || !name.starts_with(**prefix)) {
    return prefix ? Result<std::optional<std::string>>(std::nullopt)
                  : prefix.error();
  }
  const auto fields = record_of(**lease, id);
  if (!fields) {
    return fields.error();
  }
  name.remove_prefix((*prefix)->size());
  for (const RecordValue& field : *fields) {
    if (field.name == name) {
      return std::optional(field.text);
    }
  }
  return std::optional<std::string>();
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
