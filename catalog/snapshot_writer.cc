// SPDX-License-Identifier: MIT
#include "catalog/snapshot_writer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/inline_chunks.h"
#include "catalog/node_number.h"
#include "catalog/record_index.h"
#include "catalog/row_writer.h"
#include "catalog/server_set.h"
#include "catalog/snapshot.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sqlite.h"
#include "catalog/stable_hash.h"
#include "catalog/temporary_file.h"
#include "catalog/tree_rows.h"

namespace omicsfs {
namespace {

// The file is nothing until it is renamed, so no journal and no sync is needed
// while it is written. Rows mostly come in the order of their keys, so that few
// pages are changed at a time.
constexpr char kWritingPragmas[] =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-16384;";

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

}  // namespace

struct SnapshotWriter::Tables {
  Tables(TemporaryFile kept, std::filesystem::path named, Database opened)
      : file(std::move(kept)),
        target(std::move(named)),
        database(std::move(opened)),
        rows(database),
        tree(target.parent_path()) {}

  // Destroyed last to first: what writes, the database, then the file.
  TemporaryFile file;
  std::filesystem::path target;
  Database database;
  RowWriter rows;
  TreeRows tree;
  RowWriter::Table contents, members, columns, chunks, xattrs, records,
      properties, meta;

  ContentId last_content = 0;
  // Archives and arrays, by content_key.
  std::map<std::string, ContentId, std::less<>> wholes{};
  std::shared_ptr<const Snapshot> before{};
  std::int64_t created_at = 0;
  std::optional<std::int64_t> document_date{};
  ServerSet servers{};
  RecordIndex index{};
  std::int64_t last_record = 0;
  struct OpenFile {       // an inline file that is being written
    std::string pending;  // less than a chunk
    std::uint64_t chunks = 0;
    StableHash hash{0};  // of what was written, chunk by chunk
  };
  std::map<NodeId, OpenFile> open_files{};

  Result<void> prepare_all();
  Result<void> begin(const SnapshotHeader& header);
  Result<void> finish();
  Result<void> add_chunk(NodeId node, OpenFile& open, std::string_view bytes);
};

Result<void> SnapshotWriter::Tables::prepare_all() {
  const std::pair<RowWriter::Table*, std::string_view> all[] = {
      {&contents,
       "INSERT INTO contents(id, size, digest, validator, local_path, mapped, "
       "urls)"},
      {&members,
       "INSERT INTO members(content, archive, header_offset, compressed_size, "
       "method)"},
      {&columns,
       "INSERT INTO columns(content, array, rows_offset, row_bytes, "
       "first_byte, width, header_bytes, header)"},
      {&chunks, "INSERT INTO chunks(id, bytes)"},
      {&xattrs, "INSERT OR REPLACE INTO xattrs(node, name, value)"},
      {&records, "INSERT INTO records(id, kind, name, path, fields)"},
      {&properties, "INSERT OR REPLACE INTO properties(name, value)"},
      {&meta, "INSERT OR REPLACE INTO meta(name, value)"},
  };
  for (const auto& [table, insert] : all) {
    const auto prepared = rows.prepare(insert);
    if (!prepared) {
      return prepared.error();
    }
    *table = *prepared;
  }
  return {};
}

Result<void> SnapshotWriter::Tables::begin(const SnapshotHeader& header) {
  created_at = header.created_at;
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
      made = rows.add(meta, {name, value});
    }
  }
  return made;
}

Result<void> SnapshotWriter::Tables::finish() {
  Result<void> done = tree.write(rows, {before.get(), created_at});
  before.reset();
  if (done) {
    done = rows.flush();
  }
  if (done) {
    done = index.write(database);
  }
  if (done) {
    done = database.execute(kSnapshotIndexes);
  }
  if (done) {
    done = rows.add(meta, {std::string_view(kMetaComplete), "1"});
  }
  if (done) {
    done = rows.flush();
  }
  return done ? database.execute("COMMIT") : done;
}

Result<void> SnapshotWriter::Tables::add_chunk(NodeId node, OpenFile& open,
                                               std::string_view bytes) {
  if (open.chunks == kMaxInlineBytes / kChunkBytes) {
    return Error{ErrorCode::kInvalid, "a file of ours is too large"};
  }
  open.hash.add(bytes);
  const std::string kept = pack_chunk(bytes);
  return rows.add(
      chunks, {chunk_row(node, open.chunks++), std::as_bytes(std::span(kept))});
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
  auto tables =
      std::make_unique<Tables>(*std::move(file), target, *std::move(database));
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
  tables_->servers.note(file.urls);
  const std::string digest =
      file.digest.has_value() ? to_string(*file.digest) : "";
  const ContentId content = ++tables_->last_content;
  const Result<void> added = tables_->rows.add(
      tables_->contents,
      {content, static_cast<std::int64_t>(file.size), digest, file.validator,
       file.local_path, std::int64_t{file.is_mapped ? 1 : 0},
       url_lines(file.urls)});
  if (!added) {
    return added.error();
  }
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
  const Result<void> added = tables_->rows.add(
      tables_->members,
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
  const Result<void> added = tables_->rows.add(
      tables_->columns,
      {content, *array, static_cast<std::int64_t>(place.rows_offset),
       static_cast<std::int64_t>(place.row_bytes),
       static_cast<std::int64_t>(place.offset),
       static_cast<std::int64_t>(place.width),
       static_cast<std::int64_t>(place.header.size()),
       std::as_bytes(std::span(kept_header(place.header)))});
  return added ? Result<ContentId>(content) : added.error();
}

void SnapshotWriter::keep_dates_of(std::shared_ptr<const Snapshot> before) {
  tables_->before = std::move(before);
}

void SnapshotWriter::set_document_date(std::optional<std::int64_t> date) {
  tables_->document_date = date;
}

Result<NodeId> SnapshotWriter::add_directory(std::int64_t mtime) {
  return tables_->tree.add_node({NodeKind::kDirectory, 0, mtime});
}

Result<NodeId> SnapshotWriter::add_remote_file(ContentId content,
                                               const RemoteFile& file,
                                               std::int64_t mtime) {
  const auto told = mtime == kUndated ? std::nullopt : std::optional(mtime);
  return tables_->tree.add_node({NodeKind::kRemoteFile, file.size, mtime,
                                 content, std::nullopt, file.is_mapped,
                                 file_identity(file, told),
                                 tables_->document_date.value_or(kUndated)});
}

Result<NodeId> SnapshotWriter::add_inline_file(std::string_view bytes,
                                               std::int64_t mtime) {
  if (bytes.size() <= kMostWholeBytes) {
    return tables_->tree.add_node(
        {NodeKind::kInlineFile, bytes.size(), mtime, 0, bytes});
  }
  Result<NodeId> file = begin_inline_file(mtime);
  Result<void> kept = file ? append_bytes(*file, bytes) : file.error();
  if (kept) {
    kept = end_bytes(*file);
  }
  return kept ? file : kept.error();
}

Result<NodeId> SnapshotWriter::begin_inline_file(std::int64_t mtime) {
  Result<NodeId> file =
      tables_->tree.add_node({NodeKind::kInlineFile, 0, mtime});
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
  tables_->tree.set_content(file, size, open.hash.value());
  tables_->open_files.erase(file);
  return {};
}

Result<NodeId> SnapshotWriter::add_symlink(std::string_view target,
                                           std::int64_t mtime) {
  return tables_->tree.add_node(
      {NodeKind::kSymlink, target.size(), mtime, 0, target});
}

bool SnapshotWriter::has_entry(NodeId parent, std::string_view name) const {
  return tables_->tree.has_entry(parent, name);
}

Result<void> SnapshotWriter::add_entry(NodeId parent, std::string_view name,
                                       NodeId node) {
  const Result<bool> added = tables_->tree.add_entry(parent, name, node);
  if (!added || *added) {
    return added ? Result<void>() : added.error();
  }
  return Error{ErrorCode::kInvalid, "the name " + quoted(name) + " is taken"};
}

Result<void> SnapshotWriter::set_xattr(NodeId node, std::string_view name,
                                       std::string_view value) {
  return tables_->rows.add(tables_->xattrs, {node, name, value});
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
  return tables_->rows.add(tables_->records,
                           {id, record.kind, record.name, record.path,
                            std::as_bytes(std::span(*blob))});
}

Result<void> SnapshotWriter::set_property(std::string_view name,
                                          std::string_view value) {
  return tables_->rows.add(tables_->properties, {name, value});
}

Result<void> SnapshotWriter::commit() {
  std::string servers;
  for (const std::string& server : tables_->servers.servers()) {
    servers += server + "\n";
  }
  Result<void> finished = set_property("servers", servers);
  if (finished) {
    finished = tables_->open_files.empty()
                   ? tables_->finish()
                   : Error{ErrorCode::kInvalid,
                           "not a whole tree: a file's bytes did not end"};
  }
  // The database is closed before its file is synced and gets its name.
  TemporaryFile file = std::move(tables_->file);
  const std::filesystem::path target = std::move(tables_->target);
  tables_.reset();
  return finished ? file.rename_to(target)
                  : finished.error().within(target.native());
}

}  // namespace omicsfs
