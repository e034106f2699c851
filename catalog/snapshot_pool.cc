// SPDX-License-Identifier: MIT
#include "catalog/snapshot_pool.h"

#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace omicsfs {
namespace {

// The columns that node_facts() in snapshot.cc reads.
#define OMICSFS_NODE_COLUMNS                                     \
  "nodes.id, nodes.kind, nodes.size, nodes.mtime, nodes.links, " \
  "nodes.number"

constexpr std::array<std::string_view, kSnapshotQueries> kQueries = {
    "SELECT " OMICSFS_NODE_COLUMNS " FROM nodes WHERE id = ?1",
    "SELECT " OMICSFS_NODE_COLUMNS
    " FROM numbers JOIN nodes ON nodes.id = numbers.node "
    "WHERE numbers.number = ?1",
    "SELECT nodes.mtime, nodes.content FROM numbers "
    "JOIN nodes ON nodes.id = numbers.node WHERE numbers.number = ?1",
    "SELECT " OMICSFS_NODE_COLUMNS
    " FROM entries JOIN nodes ON nodes.id = entries.node "
    "WHERE entries.parent = ?1 AND entries.name = ?2",
    "SELECT position, name FROM signposts WHERE parent = ?1 AND "
    "position <= ?2 ORDER BY position DESC LIMIT 1",
    "SELECT " OMICSFS_NODE_COLUMNS
    ", entries.name FROM entries JOIN nodes ON nodes.id = entries.node "
    "WHERE entries.parent = ?1 AND entries.name >= ?2 "
    "ORDER BY entries.name LIMIT ?3 OFFSET ?4",
    "SELECT kind, parent FROM nodes WHERE id = ?1",
    "SELECT parent, position FROM nodes WHERE id = ?1",
    "SELECT kind, content FROM nodes WHERE id = ?1",
    "SELECT contents.size, digest, validator, local_path, archive, "
    "header_offset, compressed_size, method, urls, mapped FROM contents "
    "LEFT JOIN members ON members.content = contents.id "
    "WHERE contents.id = ?1",
    "SELECT array, rows_offset, row_bytes, first_byte, width, header_bytes, "
    "header FROM columns WHERE content = ?1",
    "SELECT kind, size, bytes FROM nodes WHERE id = ?1",
    "SELECT bytes FROM chunks WHERE id = ?1",
    "SELECT kind, bytes FROM nodes WHERE id = ?1",
    "SELECT name, value FROM xattrs WHERE node = ?1 ORDER BY name LIMIT 10000",
    "SELECT value FROM xattrs WHERE node = ?1 AND name = ?2",
    "SELECT fields FROM records WHERE id = ?1",
    "SELECT name, kind FROM fields WHERE id = ?1",
    "SELECT text FROM texts WHERE id = ?1",
    "SELECT value FROM properties WHERE name = ?1",
};

#undef OMICSFS_NODE_COLUMNS

// Schema version 8 has numbers of nodes that stay over refreshes. A node of an
// older snapshot has its row for a number.
Result<void> add_what_older_schemas_lack(Database& database) {
  constexpr std::int64_t kFirstWithNumbers = 8;
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version || *version >= kFirstWithNumbers) {
    return version ? Result<void>() : Result<void>(version.error());
  }
  const auto known = database.query_integer(
      "SELECT count(*) FROM sqlite_schema WHERE name = 'numbers'");
  if (!known || *known != 0) {
    return known ? Result<void>() : Result<void>(known.error());
  }
  // In memory: a mount may write no temporary file.
  return database.execute(
      "PRAGMA temp_store=MEMORY;"
      "CREATE TEMP VIEW nodes AS SELECT *, id AS number FROM main.nodes;"
      "CREATE TEMP VIEW numbers AS "
      "SELECT id AS number, id AS node FROM main.nodes");
}

// SQLite opens by name; the name must still mean the file that we locked.
Result<void> check_same_file(const std::filesystem::path& path, int fd) {
  struct stat named {};
  struct stat held {};
  const bool same = ::stat(path.c_str(), &named) == 0 &&
                    ::fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
                    named.st_ino == held.st_ino;
  if (same) {
    return {};
  }
  return Error{ErrorCode::kIo, path.native() + " was removed or replaced"};
}

}  // namespace

Result<Snapshot::Pool::Lease> Snapshot::Pool::borrow() {
  std::optional<Error> failure;
  std::unique_lock<std::mutex> lock(mutex_);
  while (idle_.empty()) {
    if (!failure.has_value() && open_ < kMaxConnections) {
      ++open_;
      lock.unlock();
      Result<std::unique_ptr<SnapshotConnection>> opened = open_connection();
      if (opened) {
        return Lease(*this, *std::move(opened));
      }
      failure = opened.error();
      lock.lock();
      --open_;
      returned_.notify_all();
    } else if (open_ == 0) {
      return *std::move(failure);
    } else {
      returned_.wait(lock, [this] { return !idle_.empty() || open_ == 0; });
    }
  }
  Lease lease(*this, std::move(idle_.back()));
  idle_.pop_back();
  return lease;
}

void Snapshot::Pool::give_back(std::unique_ptr<SnapshotConnection> connection) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

Result<std::unique_ptr<SnapshotConnection>> Snapshot::Pool::open_connection()
    const {
  Result<Database> database = Database::open(path_, OpenMode::kImmutable);
  if (!database) {
    return database.error();
  }
  const Result<void> same = check_same_file(path_, lock_.get());
  if (!same) {
    return same.error();
  }
  if (auto added = add_what_older_schemas_lack(*database); !added) {
    return added.error().within(path_.native());
  }
  auto connection = std::make_unique<SnapshotConnection>(
      SnapshotConnection{*std::move(database), {}});
  for (const std::string_view sql : kQueries) {
    Result<Statement> statement = connection->database.prepare(sql);
    if (!statement) {
      return statement.error().within(path_.native());
    }
    connection->statements.push_back(*std::move(statement));
  }
  return connection;
}

}  // namespace omicsfs
