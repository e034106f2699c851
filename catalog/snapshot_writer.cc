// SPDX-License-Identifier: MIT
#include "catalog/snapshot_writer.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
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

// A fault that the tables must not have, as a query that counts it.
struct Check {
  std::string_view sql;
  std::string_view fault;
};
constexpr Check kChecks[] = {
    {"SELECT count(*) = 0 FROM nodes WHERE id = 1 AND kind = 1",
     "there is no root directory"},
    {"SELECT count(*) FROM nodes WHERE id <> 1 AND links = 0",
     "a node has no entry"},
    {"SELECT count(*) FROM nodes WHERE kind = 1 AND links > (id <> 1)",
     "a directory has more than one entry"},
    {"SELECT count(*) FROM entries LEFT JOIN nodes "
     "ON nodes.id = entries.parent "
     "WHERE kind IS NOT 1",
     "an entry's parent is no directory"},
};

// A member lies within its archive; anything else has a url or a path.
Result<void> check_content(const RemoteFile& file) {
  const char* fault = nullptr;
  if (file.size > kMaxFileBytes) {
    fault = "a file is larger than 2^62 bytes";
  } else if (!file.member && file.urls.empty() && file.local_path.empty()) {
    fault = "a remote file has no url";
  } else if (file.member && file.member->archive->member) {
    fault = "an archive lies within another";
  } else if (file.member &&
             (file.member->header_offset >= file.member->archive->size ||
              file.member->compressed_size > file.member->archive->size)) {
    fault = "a member lies outside of its archive";
  }
  return fault == nullptr ? Result<void>()
                          : Result<void>(Error{ErrorCode::kInvalid, fault});
}

}  // namespace

struct SnapshotWriter::Tables {
  // Destroyed last to first: the statements, the database, then the file.
  TemporaryFile file;
  std::filesystem::path target;
  Database database;
  struct Statements {
    std::optional<Statement> add_content, find_content, add_url, find_url;
    std::optional<Statement> add_member;
    std::optional<Statement> add_record, add_term, find_term, add_record_term;
    std::optional<Statement> add_node, add_entry, find_entry, set_xattr;
    std::optional<Statement> set_property, set_meta;
  } statements;

  Result<void> prepare_all();
  Result<void> begin(const SnapshotHeader& header);
  Result<void> check();
  Result<void> finish();
  Result<ContentId> content_id(std::string_view key);
  Result<void> add_url(ContentId content, const std::string& url);
  Result<std::int64_t> term_id(std::string_view name, std::string_view value);

  struct NewNode {
    NodeKind kind;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
    SqlValue content;
    SqlValue bytes;
  };
  Result<NodeId> add_node(const NewNode& node);
};

Result<void> SnapshotWriter::Tables::prepare_all() {
  const std::pair<std::optional<Statement>*, std::string_view> all[] = {
      {&statements.add_content,
       "INSERT INTO contents(key, size, digest, validator, local_path) "
       "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(key) DO NOTHING"},
      {&statements.add_member,
       "INSERT OR IGNORE INTO members(content, archive, header_offset, "
       "compressed_size, method) VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&statements.find_content, "SELECT id FROM contents WHERE key = ?1"},
      {&statements.add_url,
       "INSERT INTO content_urls(content, position, url) SELECT ?1, "
       "(SELECT count(*) FROM content_urls WHERE content = ?1), ?2"},
      {&statements.find_url,
       "SELECT 1 FROM content_urls WHERE content = ?1 AND url = ?2"},
      {&statements.add_node,
       "INSERT INTO nodes(kind, size, mtime, links, content, bytes) "
       "VALUES(?1, ?2, ?3, 0, ?4, ?5)"},
      {&statements.add_entry,
       "INSERT INTO entries(parent, name, node, position) "
       "VALUES(?1, ?2, ?3, 0) ON CONFLICT DO NOTHING"},
      {&statements.find_entry,
       "SELECT 1 FROM entries WHERE parent = ?1 AND name = ?2"},
      {&statements.set_xattr,
       "INSERT OR REPLACE INTO xattrs(node, name, value) VALUES(?1, ?2, ?3)"},
      {&statements.add_record,
       "INSERT INTO records(kind, name, path) VALUES(?1, ?2, ?3)"},
      {&statements.add_term,
       "INSERT INTO terms(name, value, written) VALUES(?1, ?2, ?2) "
       "ON CONFLICT DO NOTHING"},
      {&statements.find_term,
       "SELECT id FROM terms WHERE name = ?1 AND value = ?2 AND written = ?2"},
      {&statements.add_record_term,
       "INSERT INTO record_terms(record, position, term) VALUES(?1, ?2, ?3)"},
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

Result<void> SnapshotWriter::Tables::check() {
  for (const Check& check : kChecks) {
    const Result<std::int64_t> faults = database.query_integer(check.sql);
    if (!faults) {
      return faults.error();
    }
    if (*faults != 0) {
      return Error{ErrorCode::kInvalid,
                   "not a whole tree: " + std::string(check.fault)};
    }
  }
  return {};
}

Result<void> SnapshotWriter::Tables::finish() {
  Result<void> done = database.execute(kCountNames);
  if (done) {
    done = check();
  }
  if (done) {
    done = database.execute(kNumberEntries);
  }
  if (done) {
    done = statements.set_meta->run({std::string_view(kMetaComplete), "1"});
  }
  return done ? database.execute("COMMIT") : done;
}

Result<ContentId> SnapshotWriter::Tables::content_id(std::string_view key) {
  Rows rows = statements.find_content->rows({key});
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return rows.integer(0);
}

Result<void> SnapshotWriter::Tables::add_url(ContentId content,
                                             const std::string& url) {
  bool known = false;
  {
    Rows rows = statements.find_url->rows({content, url});
    const Result<bool> found = rows.step();
    if (!found) {
      return found.error();
    }
    known = *found;
  }
  return known ? Result<void>() : statements.add_url->run({content, url});
}

Result<NodeId> SnapshotWriter::Tables::add_node(const NewNode& node) {
  const Result<void> added =
      statements.add_node->run({static_cast<std::int64_t>(node.kind),
                                static_cast<std::int64_t>(node.size),
                                node.mtime, node.content, node.bytes});
  if (!added) {
    return added.error();
  }
  return database.last_insert_id();
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
  const std::string key = content_key(file);
  const std::string digest =
      file.digest.has_value() ? to_string(*file.digest) : "";
  const Result<void> added = tables_->statements.add_content->run(
      {key, static_cast<std::int64_t>(file.size), digest, file.validator,
       file.local_path});
  if (!added) {
    return added.error();
  }
  Result<ContentId> content = tables_->content_id(key);
  if (content && file.member) {
    return add_member(*content, *file.member);
  }
  for (const std::string& url : file.urls) {
    const Result<void> known =
        content ? tables_->add_url(*content, url) : Result<void>();
    if (!known) {
      return known.error();
    }
  }
  return content;
}

Result<ContentId> SnapshotWriter::add_member(ContentId content,
                                             const MemberPlace& place) {
  Result<ContentId> archive = add_content(*place.archive);
  if (!archive) {
    return archive;
  }
  const Result<void> added = tables_->statements.add_member->run(
      {content, *archive, static_cast<std::int64_t>(place.header_offset),
       static_cast<std::int64_t>(place.compressed_size),
       static_cast<std::int64_t>(place.method)});
  return added ? Result<ContentId>(content) : added.error();
}

Result<NodeId> SnapshotWriter::add_directory(std::int64_t mtime) {
  return tables_->add_node({NodeKind::kDirectory, 0, mtime, {}, {}});
}

Result<NodeId> SnapshotWriter::add_remote_file(ContentId content,
                                               std::uint64_t size,
                                               std::int64_t mtime) {
  return tables_->add_node({NodeKind::kRemoteFile, size, mtime, content, {}});
}

Result<NodeId> SnapshotWriter::add_inline_file(std::string_view bytes,
                                               std::int64_t mtime) {
  return tables_->add_node({NodeKind::kInlineFile,
                            bytes.size(),
                            mtime,
                            {},
                            std::as_bytes(std::span(bytes))});
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

Result<void> SnapshotWriter::add_entry(NodeId parent, std::string_view name,
                                       NodeId node) {
  Result<void> added = tables_->statements.add_entry->run({parent, name, node});
  if (added && tables_->database.changes() == 0) {
    return Error{ErrorCode::kInvalid, "the name " + quoted(name) + " is taken"};
  }
  return added;
}

Result<void> SnapshotWriter::set_xattr(NodeId node, std::string_view name,
                                       std::string_view value) {
  return tables_->statements.set_xattr->run({node, name, value});
}

Result<std::int64_t> SnapshotWriter::Tables::term_id(std::string_view name,
                                                     std::string_view value) {
  if (auto added = statements.add_term->run({name, value}); !added) {
    return added.error();
  }
  Rows rows = statements.find_term->rows({name, value});
  const Result<bool> found = rows.step();
  return found ? Result<std::int64_t>(rows.integer(0)) : found.error();
}

Result<void> SnapshotWriter::add_record(const SnapshotRecord& record) {
  if (auto added = tables_->statements.add_record->run(
          {record.kind, record.name, record.path});
      !added) {
    return added;
  }
  const std::int64_t id = tables_->database.last_insert_id();
  std::int64_t position = 0;
  for (const auto& [name, value] : record.fields) {
    const auto term = tables_->term_id(name, value);
    if (!term) {
      return term.error();
    }
    if (auto added =
            tables_->statements.add_record_term->run({id, ++position, *term});
        !added) {
      return added;
    }
  }
  return {};
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
