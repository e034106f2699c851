// SPDX-License-Identifier: MIT
#include "catalog/snapshot_writer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/inline_chunks.h"
#include "catalog/record_index.h"
#include "catalog/snapshot.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sqlite.h"
#include "catalog/temporary_file.h"

namespace omicsfs {
namespace {

// The file is nothing until it is renamed, so no journal and no sync is needed
// while it is written. The cache holds the tables of a large tree, whose rows
// come in no order.
constexpr char kWritingPragmas[] =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-65536;";

bool has_place(const RemoteFile& file) {
  return file.member || file.columns || !file.urls.empty() ||
         !file.local_path.empty();
}

// What is kept of a header of columns (snapshot_schema.h).
std::string_view kept_header(std::string_view header) {
  if (!header.ends_with('\n')) {
    return header;
  }
  header.remove_suffix(1);
  return header.substr(0, header.find_last_not_of(' ') + 1);
}

// A member lies within its archive, columns within their array; anything else
// has a url or a path.
Result<void> check_content(const RemoteFile& file) {
  const char* fault = nullptr;
  const bool broken = std::any_of(
      file.urls.begin(), file.urls.end(),
      [](const auto& url) { return url.find('\n') != std::string::npos; });
  if (broken) {
    fault = "a url has a line break";
  } else if (file.size > kMaxFileBytes) {
    fault = "a file is larger than 2^62 bytes";
  } else if (!has_place(file)) {
    fault = "a remote file has no url";
  } else if (file.columns && file.columns->header.size() > kMaxColumnsHeader) {
    fault = "the header of columns is too long";
  } else if (file.columns && !columns_fit(file)) {
    fault = "columns lie outside of their array";
  } else if (file.member &&
             (file.member->archive->member || file.member->archive->columns)) {
    fault = "an archive lies within another";
  } else if (file.member &&
             (file.member->header_offset >= file.member->archive->size ||
              file.member->compressed_size > file.member->archive->size)) {
    fault = "a member lies outside of its archive";
  }
  return fault == nullptr ? Result<void>()
                          : Result<void>(Error{ErrorCode::kInvalid, fault});
}

std::string url_lines(const std::vector<std::string>& urls) {
  std::string lines;
  for (const std::string& url : urls) {
    lines += lines.empty() ? "" : "\n";
    lines += url;
  }
  return lines;
}

Error broken_tree(const std::string& fault) {
  return {ErrorCode::kInvalid, "not a whole tree: " + fault};
}

}  // namespace

struct SnapshotWriter::Tables {
  // Destroyed last to first: the statements, the database, then the file.
  TemporaryFile file;
  std::filesystem::path target;
  Database database;
  struct Statements {
    std::optional<Statement> add_content, add_member, add_columns;
    std::optional<Statement> add_record;
    std::optional<Statement> add_node, drop_node, place_node, size_node;
    std::optional<Statement> add_chunk, drop_chunks;
    std::optional<Statement> add_entry, find_entry, list_entries, add_listing;
    std::optional<Statement> set_xattr, set_property, set_meta;
  } statements;

  // What is known of each node, by its id less one.
  struct Placed {
    std::uint32_t names = 0;        // entries that it has
    std::uint32_t directories = 0;  // within it
    std::uint32_t parent = 0;       // of its first entry
    std::uint32_t position = 0;     // there
    NodeKind kind = NodeKind::kDirectory;
  };
  std::vector<Placed> placed{};
  std::optional<std::string> fault{};  // of an entry
  // Archives and arrays, by content_key.
  std::map<std::string, ContentId, std::less<>> wholes{};
  RecordIndex index{};
  std::int64_t last_record = 0;
  struct OpenFile {       // an inline file that is being written
    std::string pending;  // less than a chunk
    std::uint64_t chunks = 0;
  };
  std::map<NodeId, OpenFile> open_files{};

  Result<void> prepare_all();
  Result<void> begin(const SnapshotHeader& header);
  Result<void> check() const;
  Result<void> number_entries();
  Result<void> place_nodes();
  Result<void> finish();
  Result<void> add_chunk(NodeId node, OpenFile& open, std::string_view bytes);
  Placed* find(NodeId node) {
    return node < 1 || static_cast<std::size_t>(node) > placed.size()
               ? nullptr
               : &placed[static_cast<std::size_t>(node) - 1];
  }

  struct NewNode {
    NodeKind kind;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
    SqlValue content;
    SqlValue bytes;
    bool is_mapped = false;
  };
  Result<NodeId> add_node(const NewNode& node);
};

Result<void> SnapshotWriter::Tables::prepare_all() {
  const std::pair<std::optional<Statement>*, std::string_view> all[] = {
      {&statements.add_content,
       "INSERT INTO contents(size, digest, validator, local_path, mapped, "
       "urls) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {&statements.add_member,
       "INSERT INTO members(content, archive, header_offset, "
       "compressed_size, method) VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&statements.add_columns,
       "INSERT INTO columns(content, array, rows_offset, row_bytes, "
       "first_byte, width, header_bytes, header) "
       "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      // As wide as what place_node puts there, so that rows do not move.
      {&statements.add_node,
       "INSERT INTO nodes(id, kind, size, mtime, links, content, parent, "
       "position, bytes) VALUES(?1, ?2, ?3, ?4, 2, ?5, 8388607, 65535, ?6)"},
      {&statements.drop_chunks,
       "DELETE FROM chunks WHERE id >= ?1 AND id < ?2"},
      {&statements.drop_node, "DELETE FROM nodes WHERE id = ?1"},
      {&statements.place_node,
       "UPDATE nodes SET links = ?2, parent = ?3, position = ?4 "
       "WHERE id = ?1"},
      {&statements.size_node, "UPDATE nodes SET size = ?2 WHERE id = ?1"},
      {&statements.add_chunk, "INSERT INTO chunks(id, bytes) VALUES(?1, ?2)"},
      {&statements.add_entry,
       "INSERT INTO entries(parent, name, node) VALUES(?1, ?2, ?3) "
       "ON CONFLICT DO NOTHING"},
      {&statements.find_entry,
       "SELECT 1 FROM entries WHERE parent = ?1 AND name = ?2"},
      {&statements.list_entries,
       "SELECT parent, node, name FROM entries ORDER BY parent, name"},
      {&statements.add_listing,
       "INSERT INTO listing(parent, position, node, name) "
       "VALUES(?1, ?2, ?3, ?4)"},
      {&statements.set_xattr,
       "INSERT OR REPLACE INTO xattrs(node, name, value) VALUES(?1, ?2, ?3)"},
      {&statements.add_record,
       "INSERT INTO records(id, kind, name, path, fields) "
       "VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&statements.set_property,
       "INSERT OR REPLACE INTO properties(name, value) VALUES(?1, ?2)"},
      {&statements.set_meta,
       "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)"},
  };
  for (const auto& [slot, sql] : all) {
    Result<Statement> statement = database.prepare(sql);
    if (!statement) {
      return statement.error();
    }
    slot->emplace(*std::move(statement));
  }
  return {};
}

Result<void> SnapshotWriter::Tables::begin(const SnapshotHeader& header) {
  const std::string identity =
      "PRAGMA application_id=" + std::to_string(kSnapshotApplicationId) +
      "; PRAGMA user_version=" + std::to_string(kSnapshotSchemaVersion) + ";";
  Result<void> made =
      database.execute(kWritingPragmas + identity + "BEGIN;" + kSnapshotTables);
  if (made) {
    made = prepare_all();
  }
  const std::pair<std::string_view, std::string> facts[] = {
      {kMetaSource, header.source},
      {kMetaGeneration, std::to_string(header.generation)},
      {kMetaCreatedAt, std::to_string(header.created_at)},
  };
  for (const auto& [name, value] : facts) {
    if (made) {
      made = statements.set_meta->run({name, value});
    }
  }
  return made;
}

Result<void> SnapshotWriter::Tables::check() const {
  if (fault) {
    return broken_tree(*fault);
  }
  if (placed.empty() || placed.front().kind != NodeKind::kDirectory) {
    return broken_tree("there is no root directory");
  }
  if (!open_files.empty()) {
    return broken_tree("a file's bytes did not end");
  }
  for (const Placed& node : placed) {
    const bool is_root = &node == &placed.front();
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

// Entries come in byte order of their names, parent by parent.
Result<void> SnapshotWriter::Tables::number_entries() {
  Rows rows = statements.list_entries->rows();
  NodeId parent = 0;
  std::int64_t position = 0;
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    position = rows.integer(0) == parent ? position + 1 : 1;
    parent = rows.integer(0);
    const NodeId id = rows.integer(1);
    Placed* const node = find(id);
    if (node != nullptr && node->parent == parent && node->position == 0) {
      node->position = static_cast<std::uint32_t>(position);
    }
    if (auto added =
            statements.add_listing->run({parent, position, id, rows.text(2)});
        !added) {
      return added;
    }
  }
}

Result<void> SnapshotWriter::Tables::place_nodes() {
  NodeId id = 0;
  for (const Placed& node : placed) {
    const bool is_directory = node.kind == NodeKind::kDirectory;
    const std::uint32_t links =
        is_directory ? 2 + node.directories : node.names;
    const auto or_null = [](std::uint32_t value) {
      return value == 0 ? SqlValue() : SqlValue(std::int64_t{value});
    };
    if (auto set = statements.place_node->run({++id, std::int64_t{links},
                                               or_null(node.parent),
                                               or_null(node.position)});
        !set) {
      return set;
    }
  }
  return {};
}

Result<void> SnapshotWriter::Tables::finish() {
  Result<void> done = check();
  if (done) {
    done = number_entries();
  }
  if (done) {
    done = place_nodes();
  }
  if (done) {
    done = index.write(database);
  }
  if (done) {
    done = database.execute(kSnapshotIndexes);
  }
  if (done) {
    done = statements.set_meta->run({std::string_view(kMetaComplete), "1"});
  }
  return done ? database.execute("COMMIT") : done;
}

Result<NodeId> SnapshotWriter::Tables::add_node(const NewNode& node) {
  if (placed.size() == std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::kInvalid, "the tree has too many nodes"};
  }
  const auto id = static_cast<NodeId>(placed.size() + 1);
  const Result<void> added = statements.add_node->run(
      {id, node.is_mapped ? kMappedKind : static_cast<std::int64_t>(node.kind),
       static_cast<std::int64_t>(node.size), node.mtime, node.content,
       node.bytes});
  if (!added) {
    return added.error();
  }
  placed.push_back({0, 0, 0, 0, node.kind});
  return id;
}

Result<void> SnapshotWriter::Tables::add_chunk(NodeId node, OpenFile& open,
                                               std::string_view bytes) {
  if (open.chunks == kMaxInlineBytes / kChunkBytes) {
    return Error{ErrorCode::kInvalid, "a file of ours is too large"};
  }
  const std::string kept = pack_chunk(bytes);
  return statements.add_chunk->run(
      {chunk_row(node, open.chunks++), std::as_bytes(std::span(kept))});
}

SnapshotWriter::SnapshotWriter(std::unique_ptr<Tables> tables)
    : tables_(std::move(tables)) {}
SnapshotWriter::SnapshotWriter(SnapshotWriter&&) noexcept = default;
SnapshotWriter& SnapshotWriter::operator=(SnapshotWriter&&) noexcept = default;
SnapshotWriter::~SnapshotWriter() = default;

Result<SnapshotWriter> SnapshotWriter::create(
    const std::filesystem::path& target, const SnapshotHeader& header) {
  Result<TemporaryFile> file = TemporaryFile::create(target);
  if (!file) {
    return file.error();
  }
  Result<Database> database =
      Database::open(file->path(), OpenMode::kReadWriteCreate);
  if (!database) {
    return database.error();
  }
  auto tables = std::make_unique<Tables>(
      Tables{*std::move(file), target, *std::move(database), {}});
  const Result<void> begun = tables->begin(header);
  if (!begun) {
    return begun.error().within(target.native());
  }
  return SnapshotWriter(std::move(tables));
}

Result<ContentId> SnapshotWriter::add_content(const RemoteFile& file) {
  if (auto checked = check_content(file); !checked) {
    return checked.error();
  }
  const std::string digest =
      file.digest.has_value() ? to_string(*file.digest) : "";
  const Result<void> added = tables_->statements.add_content->run(
      {static_cast<std::int64_t>(file.size), digest, file.validator,
       file.local_path, std::int64_t{file.is_mapped ? 1 : 0},
       url_lines(file.urls)});
  if (!added) {
    return added.error();
  }
  const ContentId content = tables_->database.last_insert_id();
  if (file.columns) {
    return add_columns(content, *file.columns);
  }
  return file.member ? add_member(content, *file.member)
                     : Result<ContentId>(content);
}

// The content that others lie in, made once for them all.
Result<ContentId> SnapshotWriter::content_of(const RemoteFile& whole) {
  const std::string key = content_key(whole);
  const auto known = tables_->wholes.find(key);
  if (known != tables_->wholes.end()) {
    return known->second;
  }
  Result<ContentId> content = add_content(whole);
  if (content) {
    tables_->wholes.emplace(key, *content);
  }
  return content;
}

Result<ContentId> SnapshotWriter::add_member(ContentId content,
                                             const MemberPlace& place) {
  Result<ContentId> archive = content_of(*place.archive);
  if (!archive) {
    return archive;
  }
  const Result<void> added = tables_->statements.add_member->run(
      {content, *archive, static_cast<std::int64_t>(place.header_offset),
       static_cast<std::int64_t>(place.compressed_size),
       static_cast<std::int64_t>(place.method)});
  return added ? Result<ContentId>(content) : added.error();
}

Result<ContentId> SnapshotWriter::add_columns(ContentId content,
                                              const ColumnPlace& place) {
  Result<ContentId> array = content_of(*place.array);
  if (!array) {
    return array;
  }
  const Result<void> added = tables_->statements.add_columns->run(
      {content, *array, static_cast<std::int64_t>(place.rows_offset),
       static_cast<std::int64_t>(place.row_bytes),
       static_cast<std::int64_t>(place.offset),
       static_cast<std::int64_t>(place.width),
       static_cast<std::int64_t>(place.header.size()),
       std::as_bytes(std::span(kept_header(place.header)))});
  return added ? Result<ContentId>(content) : added.error();
}

Result<NodeId> SnapshotWriter::add_directory(std::int64_t mtime) {
  return tables_->add_node({NodeKind::kDirectory, 0, mtime, {}, {}});
}

Result<NodeId> SnapshotWriter::add_remote_file(ContentId content,
                                               const RemoteFile& file,
                                               std::int64_t mtime) {
  return tables_->add_node(
      {NodeKind::kRemoteFile, file.size, mtime, content, {}, file.is_mapped});
}

Result<NodeId> SnapshotWriter::add_inline_file(std::string_view bytes,
                                               std::int64_t mtime) {
  if (bytes.size() <= kMostWholeBytes) {
    return tables_->add_node({NodeKind::kInlineFile,
                              bytes.size(),
                              mtime,
                              {},
                              std::as_bytes(std::span(bytes))});
  }
  Result<NodeId> file = begin_inline_file(mtime);
  Result<void> kept = file ? append_bytes(*file, bytes) : file.error();
  if (kept) {
    kept = end_bytes(*file);
  }
  return kept ? file : kept.error();
}

Result<NodeId> SnapshotWriter::begin_inline_file(std::int64_t mtime) {
  // Its size is as wide here as it may come to be.
  Result<NodeId> file = tables_->add_node(
      {NodeKind::kInlineFile, kMaxInlineBytes, mtime, {}, {}});
  if (file) {
    tables_->open_files.emplace(*file, Tables::OpenFile{});
  }
  return file;
}

Result<void> SnapshotWriter::append_bytes(NodeId file, std::string_view bytes) {
  Tables::OpenFile& open = tables_->open_files.at(file);
  while (!bytes.empty()) {
    const std::size_t wanted = kChunkBytes - open.pending.size();
    open.pending += bytes.substr(0, wanted);
    bytes.remove_prefix(std::min(wanted, bytes.size()));
    if (open.pending.size() == kChunkBytes) {
      if (auto added = tables_->add_chunk(file, open, open.pending); !added) {
        return added;
      }
      open.pending.clear();
    }
  }
  return {};
}

Result<void> SnapshotWriter::end_bytes(NodeId file) {
  Tables::OpenFile& open = tables_->open_files.at(file);
  const std::uint64_t size = open.chunks * kChunkBytes + open.pending.size();
  if (!open.pending.empty()) {
    if (auto added = tables_->add_chunk(file, open, open.pending); !added) {
      return added;
    }
  }
  tables_->open_files.erase(file);
  return tables_->statements.size_node->run(
      {file, static_cast<std::int64_t>(size)});
}

Result<NodeId> SnapshotWriter::add_symlink(std::string_view target,
                                           std::int64_t mtime) {
  return tables_->add_node({NodeKind::kSymlink,
                            target.size(),
                            mtime,
                            {},
                            std::as_bytes(std::span(target))});
}

Result<bool> SnapshotWriter::has_entry(NodeId parent, std::string_view name) {
  Rows rows = tables_->statements.find_entry->rows({parent, name});
  return rows.step();
}

Result<bool> SnapshotWriter::try_add_entry(NodeId parent, std::string_view name,
                                           NodeId node) {
  Tables::Placed* const holder = tables_->find(parent);
  Tables::Placed* const named = tables_->find(node);
  if (holder == nullptr || named == nullptr ||
      holder->kind != NodeKind::kDirectory) {
    tables_->fault = "an entry's parent is no directory, or it has no node";
    return true;  // commit() tells of it
  }
  const Result<void> added =
      tables_->statements.add_entry->run({parent, name, node});
  if (!added) {
    return added.error();
  }
  if (tables_->database.changes() == 0) {
    return false;
  }
  const auto place = static_cast<std::uint32_t>(parent);
  named->parent = named->names == 0 ? place : std::min(named->parent, place);
  ++named->names;
  holder->directories += named->kind == NodeKind::kDirectory ? 1U : 0U;
  return true;
}

Result<void> SnapshotWriter::add_entry(NodeId parent, std::string_view name,
                                       NodeId node) {
  const Result<bool> added = try_add_entry(parent, name, node);
  if (!added || *added) {
    return added ? Result<void>() : added.error();
  }
  return Error{ErrorCode::kInvalid, "the name " + quoted(name) + " is taken"};
}

Result<void> SnapshotWriter::drop_last_node() {
  const auto last = static_cast<NodeId>(tables_->placed.size());
  tables_->placed.pop_back();
  tables_->open_files.erase(last);
  const auto dropped = tables_->statements.drop_chunks->run(
      {chunk_row(last, 0), chunk_row(last + 1, 0)});
  return dropped ? tables_->statements.drop_node->run({last}) : dropped;
}

Result<void> SnapshotWriter::set_xattr(NodeId node, std::string_view name,
                                       std::string_view value) {
  return tables_->statements.set_xattr->run({node, name, value});
}

Result<void> SnapshotWriter::add_record(const NewRecord& record) {
  const std::int64_t last = tables_->last_record;
  const std::int64_t id =
      record.node != 0 ? record.node : std::max(kFirstFreeRecord, last + 1);
  if (id <= last) {
    return Error{ErrorCode::kInvalid,
                 "the record " + quoted(record.name) + " is out of order"};
  }
  tables_->last_record = id;
  const auto blob = tables_->index.add(id, record.fields);
  if (!blob) {
    return blob.error().within("the record " + quoted(record.name));
  }
  return tables_->statements.add_record->run({id, record.kind, record.name,
                                              record.path,
                                              std::as_bytes(std::span(*blob))});
}

Result<void> SnapshotWriter::set_property(std::string_view name,
                                          std::string_view value) {
  return tables_->statements.set_property->run({name, value});
}

Result<void> SnapshotWriter::commit() {
  const Result<void> finished = tables_->finish();
  // The database is closed before its file is synced and gets its name.
  TemporaryFile file = std::move(tables_->file);
  const std::filesystem::path target = std::move(tables_->target);
  tables_.reset();
  return finished ? file.rename_to(target)
                  : finished.error().within(target.native());
}

}  // namespace omicsfs
