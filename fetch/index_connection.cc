// SPDX-License-Identifier: MIT
#include "fetch/index_connection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>

#include "catalog/unique_fd.h"
#include "fetch/block_map.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr std::int64_t kSchemaVersion = 1;

// Never synced: what a power cut damages is made again from the block maps.
constexpr const char* kPragmas = R"sql(
  PRAGMA synchronous = OFF;
  PRAGMA journal_mode = WAL;
  PRAGMA wal_autocheckpoint = 128;
  PRAGMA journal_size_limit = 1048576;
)sql";

// `verified` is the stamp of a data file whose published digest was found
// right, 0 without one; `pinned` is there for files that eviction must leave
// alone.
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS files(
    key TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    last_use INTEGER NOT NULL,
    verified INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS files_by_use ON files(last_use);
  CREATE TABLE IF NOT EXISTS reports(
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    key TEXT NOT NULL,
    message TEXT NOT NULL);
)sql";

constexpr std::string_view kNextUse =
    "(SELECT coalesce(max(last_use), 0) + 1 FROM files)";

std::int64_t signed64(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

Result<IndexConnection> connect(const stdfs::path& path) {
  auto database = Database::open(path, OpenMode::kReadWriteCreate);
  if (!database) {
    return database.error();
  }
  if (auto set = database->execute(kPragmas); !set) {
    return set.error();
  }
  if (auto made = database->execute(kSchema); !made) {
    return made.error();
  }
  const std::string next_use(kNextUse);
  const std::array<std::string, 9> texts = {
      "SELECT coalesce(sum(charged), 0) FROM files",
      "INSERT INTO files(key, size, charged, last_use) VALUES(?1, ?2, ?3, " +
          next_use +
          ") ON CONFLICT(key) DO UPDATE SET charged = charged + ?3, last_use "
          "= " +
          next_use,
      "INSERT INTO files(key, size, charged, last_use) VALUES(?1, ?2, ?3, " +
          next_use + ") ON CONFLICT(key) DO UPDATE SET charged = ?3",
      "UPDATE files SET last_use = " + next_use + " WHERE key = ?1",
      "UPDATE files SET verified = ?2 WHERE key = ?1",
      "SELECT verified FROM files WHERE key = ?1",
      "DELETE FROM files WHERE key = ?1",
      "SELECT key, size, charged, last_use, verified FROM files WHERE last_use "
      "> ?1 AND pinned = 0 ORDER BY last_use LIMIT ?2",
      "SELECT count(*), coalesce(sum(charged), 0), "
      "coalesce(sum(verified <> 0), 0) FROM files"};
  std::vector<Statement> statements;
  for (const std::string& text : texts) {
    auto statement = database->prepare(text);
    if (!statement) {
      return statement.error();
    }
    statements.push_back(*std::move(statement));
  }
  auto& s = statements;
  return IndexConnection{*std::move(database), std::move(s[0]), std::move(s[1]),
                         std::move(s[2]),      std::move(s[3]), std::move(s[4]),
                         std::move(s[5]),      std::move(s[6]), std::move(s[7]),
                         std::move(s[8])};
}

std::uint64_t disk_bytes(const stdfs::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0
             ? static_cast<std::uint64_t>(facts.st_blocks) * 512
             : 0;
}

// Enters the file whose map is `map`, as it lies on disk.
Result<void> enter(IndexConnection& connection, const stdfs::path& map) {
  const UniqueFd fd(::open(map.c_str(), O_RDONLY | O_CLOEXEC));
  MapHeaderBytes bytes;
  const std::size_t got = fd.valid() ? read_up_to(fd.get(), 0, bytes) : 0;
  const auto header = decode_map_header(std::span(bytes).first(got));
  const std::uint64_t charged =
      disk_bytes(map) + disk_bytes(stdfs::path(map).replace_extension("data"));
  return connection.settle.run({map.stem().native(),
                                signed64(header ? header->file_size : 0),
                                signed64(charged)});
}

// Makes the rows anew from the block maps.
Result<void> rebuild(IndexConnection& connection, const stdfs::path& files) {
  if (auto begun = connection.database.execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  std::error_code error;
  for (stdfs::recursive_directory_iterator entry(files, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".map") {
      continue;
    }
    if (auto entered = enter(connection, entry->path()); !entered) {
      return entered;
    }
  }
  return connection.database.execute(
      "PRAGMA user_version = " + std::to_string(kSchemaVersion) + "; COMMIT");
}

}  // namespace

Result<IndexConnection> open_index(const stdfs::path& dir) {
  auto connection = connect(dir / "index.sqlite");
  if (!connection) {
    return connection;
  }
  const auto version =
      connection->database.query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  if (*version == 0) {
    if (auto rebuilt = rebuild(*connection, dir / "files"); !rebuilt) {
      return rebuilt.error();
    }
  } else if (*version != kSchemaVersion) {
    return Error{ErrorCode::kCorrupt, "cache index of another version"};
  }
  return connection;
}

Result<IndexPool::Lease> IndexPool::lease() {
  {
    MutexLock lock(mutex_);
    returned_.wait(lock, [this]() REQUIRES_LOCK(mutex_) {
      return !idle_.empty() || open_ < kMaxConnections;
    });
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    ++open_;
  }
  auto connection = connect(dir_ / "index.sqlite");
  if (!connection) {
    const MutexLock lock(mutex_);
    --open_;
    return connection.error();
  }
  return Lease(*this,
               std::make_unique<IndexConnection>(*std::move(connection)));
}

void IndexPool::adopt(IndexConnection connection) {
  const MutexLock lock(mutex_);
  ++open_;
  idle_.push_back(std::make_unique<IndexConnection>(std::move(connection)));
}

void IndexPool::give_back(std::unique_ptr<IndexConnection> connection) {
  {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace omicsfs
