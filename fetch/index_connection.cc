// SPDX-License-Identifier: MIT
#include "fetch/index_connection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <system_error>

#include "catalog/unique_fd.h"
#include "fetch/block_map.h"
#include "fetch/cached_file.h"
#include "fetch/eviction.h"
#include "fetch/local_io.h"
#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr std::int64_t kSchemaVersion = 2;

// Never synced: what a power cut damages is made again from the block maps. No
// temporary files: their directory is not the cache's.
constexpr const char* kPragmas = R"sql(
  PRAGMA temp_store = MEMORY;
  PRAGMA synchronous = OFF;
  PRAGMA journal_mode = WAL;
  PRAGMA wal_autocheckpoint = 128;
  PRAGMA journal_size_limit = 1048576;
)sql";

// files.charged is what a file took on disk when it was last looked at, and
// grants.bytes what a process may have written of it since, or may yet write:
// together never less than it takes. `hot`: used again later. `pinned` is there
// for files that eviction must leave alone, `verified` the stamp of a data file
// whose published digest was found right, 0 without one. The triggers keep the
// sums, which each charge needs.
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS files(
    key TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    last_use INTEGER NOT NULL,
    hot INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS files_by_use ON files(hot, last_use);
  CREATE TABLE IF NOT EXISTS grants(
    owner INTEGER NOT NULL,
    key TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY(owner, key)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS grants_by_key ON grants(key);
  CREATE TABLE IF NOT EXISTS sums(
    id INTEGER PRIMARY KEY CHECK(id = 0),
    charged INTEGER NOT NULL,
    hot INTEGER NOT NULL,
    granted INTEGER NOT NULL);
  INSERT OR IGNORE INTO sums VALUES(0, 0, 0, 0);
  CREATE TRIGGER IF NOT EXISTS file_added AFTER INSERT ON files BEGIN
    UPDATE sums SET charged = charged + new.charged,
      hot = hot + new.charged * new.hot; END;
  CREATE TRIGGER IF NOT EXISTS file_changed
    AFTER UPDATE OF charged, hot ON files BEGIN
    UPDATE sums SET charged = charged + new.charged - old.charged,
      hot = hot + new.charged * new.hot - old.charged * old.hot; END;
  CREATE TRIGGER IF NOT EXISTS file_gone AFTER DELETE ON files BEGIN
    UPDATE sums SET charged = charged - old.charged,
      hot = hot - old.charged * old.hot; END;
  CREATE TRIGGER IF NOT EXISTS grant_added AFTER INSERT ON grants BEGIN
    UPDATE sums SET granted = granted + new.bytes; END;
  CREATE TRIGGER IF NOT EXISTS grant_changed AFTER UPDATE ON grants BEGIN
    UPDATE sums SET granted = granted + new.bytes - old.bytes; END;
  CREATE TRIGGER IF NOT EXISTS grant_gone AFTER DELETE ON grants BEGIN
    UPDATE sums SET granted = granted - old.bytes; END;
  CREATE TABLE IF NOT EXISTS reports(
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    key TEXT NOT NULL,
    message TEXT NOT NULL);
)sql";

// In the order of IndexConnection's members.
constexpr std::array<const char*, 16> kStatements = {
    "SELECT charged, hot, granted FROM sums",
    "INSERT INTO files(key, size, charged, last_use) VALUES(?1, ?2, ?3, ?4) "
    "ON CONFLICT(key) DO UPDATE SET charged = ?3",
    "INSERT INTO grants(owner, key, bytes) VALUES(?1, ?2, max(?3, 0)) "
    "ON CONFLICT(owner, key) DO UPDATE SET bytes = max(bytes + ?3, 0)",
    "DELETE FROM grants WHERE owner = ?1 AND key = ?2 AND bytes = 0",
    "DELETE FROM files WHERE key = ?1 AND charged = 0 AND NOT EXISTS("
    "SELECT 1 FROM grants WHERE grants.key = ?1)",
    "UPDATE files SET hot = max(hot, ?3), last_use = max(last_use, ?2) "
    "WHERE key = ?1",
    "SELECT last_use, hot FROM files WHERE key = ?1",
    "UPDATE files SET verified = ?2 WHERE key = ?1",
    "SELECT verified FROM files WHERE key = ?1",
    "UPDATE files SET verified = 0 WHERE key = ?1",
    "UPDATE files SET verified = 0, hot = 0 WHERE key = ?1",
    "SELECT key, size, charged, last_use, verified, hot FROM files "
    "WHERE hot = ?1 AND (last_use, key) > (?2, ?3) AND charged > 0 "
    "AND pinned = 0 ORDER BY last_use, key LIMIT ?4",
    "SELECT count(*), (SELECT charged + granted FROM sums), "
    "coalesce(sum(verified <> 0), 0) FROM files",
    "SELECT DISTINCT owner FROM grants WHERE owner != ?1",
    "SELECT grants.key, files.size FROM grants JOIN files USING(key) "
    "WHERE owner = ?1",
    "DELETE FROM grants WHERE owner = ?1"};

// Another version's tables are not ours to add to.
Result<Database> open_database(const stdfs::path& path, WaitForLock goes_on) {
  auto database =
      Database::open(path, OpenMode::kReadWriteCreate, std::move(goes_on));
  if (!database) {
    return database;
  }
  if (auto set = database->execute(kPragmas); !set) {
    return set.error();
  }
  const auto version = database->query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  if (*version != 0 && *version != kSchemaVersion) {
    return Error{ErrorCode::kCorrupt, "cache index of another version"};
  }
  if (auto made = database->execute(kSchema); !made) {
    return made.error();
  }
  return database;
}

Result<IndexConnection> connect(const stdfs::path& path, WaitForLock goes_on) {
  auto database = open_database(path, std::move(goes_on));
  if (!database) {
    return database.error();
  }
  std::vector<Statement> s;
  for (const char* text : kStatements) {
    auto statement = database->prepare(text);
    if (!statement) {
      return statement.error();
    }
    s.push_back(*std::move(statement));
  }
  auto next = s.begin();
  const auto take = [&next]() -> Statement { return std::move(*next++); };
  // Braces take their members in order.
  return IndexConnection{*std::move(database),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take(),
                         take()};
}

// Microseconds since the epoch.
std::uint64_t written_at(const stdfs::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || facts.st_mtim.tv_sec < 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(facts.st_mtim.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(facts.st_mtim.tv_nsec) / 1000;
}

// Enters the file whose map is `map`, as it lies on disk.
Result<std::uint64_t> enter(IndexConnection& connection, const stdfs::path& dir,
                            const stdfs::path& map) {
  const UniqueFd fd(::open(map.c_str(), O_RDONLY | O_CLOEXEC));
  MapHeaderBytes bytes;
  const std::size_t got = fd.valid() ? read_up_to(fd.get(), 0, bytes) : 0;
  const auto header = decode_map_header(std::span(bytes).first(got));
  return settle_file(
      connection, dir,
      {map.stem().native(), header ? header->file_size : 0, written_at(map)});
}

Result<bool> is_made(IndexConnection& connection) {
  const auto version = connection.database.query_integer("PRAGMA user_version");
  return version ? Result<bool>(*version != 0) : version.error();
}

// Makes the rows anew from the block maps, if nobody has meanwhile.
Result<void> rebuild(IndexConnection& connection, const stdfs::path& dir) {
  if (auto begun = connection.database.execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  const auto made = is_made(connection);
  if (!made || *made) {
    static_cast<void>(connection.database.end_transaction());
    return made ? Result<void>() : made.error();
  }
  std::error_code error;
  for (stdfs::recursive_directory_iterator entry(dir / "files", error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".map") {
      continue;
    }
    if (auto entered = enter(connection, dir, entry->path()); !entered) {
      return entered.error();
    }
  }
  return connection.database.execute(
      "PRAGMA user_version = " + std::to_string(kSchemaVersion) + "; COMMIT");
}

}  // namespace

std::uint64_t disk_bytes(const std::filesystem::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0
             ? static_cast<std::uint64_t>(facts.st_blocks) * 512
             : 0;
}

Result<std::uint64_t> settle_file(IndexConnection& connection,
                                  const stdfs::path& dir,
                                  const ChargedFile& file) {
  const CachePaths paths = cache_paths(dir.parent_path(), file.key);
  const std::uint64_t charge =
      charge_of(disk_bytes(paths.data) + disk_bytes(paths.map) +
                disk_bytes(paths.points));
  auto settled =
      connection.settle.run({file.key, signed64(file.size), signed64(charge),
                             signed64(file.used_at)});
  return settled ? Result<std::uint64_t>(charge) : settled.error();
}

Result<IndexConnection> open_index(const stdfs::path& dir,
                                   WaitForLock goes_on) {
  const stdfs::path index = dir / "index.sqlite";
  // SQLite would leave its group without the right to write; its other files
  // take the mode of this one.
  const UniqueFd made(::open(index.c_str(),
                             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                             file_mode_in(dir)));
  auto connection = connect(index, std::move(goes_on));
  if (!connection) {
    return connection;
  }
  const auto is_whole = is_made(*connection);
  if (!is_whole) {
    return is_whole.error();
  }
  if (!*is_whole) {
    if (auto rebuilt = rebuild(*connection, dir); !rebuilt) {
      return rebuilt.error();
    }
  }
  return connection;
}

Result<IndexConnection> open_index_at_once(const stdfs::path& dir) {
  auto connection =
      connect(dir / "index.sqlite", patience_of(std::chrono::milliseconds{0}));
  const auto made =
      connection ? is_made(*connection) : Result<bool>(connection.error());
  if (!made) {
    return made.error();
  }
  return *made ? std::move(connection)
               : Error{ErrorCode::kTimedOut, "the cache index is being made"};
}

WaitForLock IndexPool::wait_for_lock() const {
  return [this](std::chrono::milliseconds waited) {
    return waited < patience_ && Clock::now() < end_.load();
  };
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
  try {
    auto connection = makes_ == Makes::kNothing
                          ? open_index_at_once(dir_)
                          : open_index(dir_, wait_for_lock());
    if (connection) {
      return Lease(*this,
                   std::make_unique<IndexConnection>(*std::move(connection)));
    }
    note_closed();
    return connection.error();
  } catch (const std::bad_alloc&) {
    note_closed();
    throw;
  }
}

void IndexPool::note_closed() {
  {
    const MutexLock lock(mutex_);
    --open_;
  }
  returned_.notify_one();
}

void IndexPool::adopt(IndexConnection connection) {
  const MutexLock lock(mutex_);
  ++open_;
  idle_.push_back(std::make_unique<IndexConnection>(std::move(connection)));
}

// Nothing that ended halfway, for want of memory, may keep all others out.
void IndexPool::give_back(std::unique_ptr<IndexConnection> connection) {
  if (!connection->database.end_transaction()) {
    connection.reset();
    note_closed();
    return;
  }
  {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace omicsfs
