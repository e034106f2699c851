// SPDX-License-Identifier: MIT
#include "catalog/snapshot_check.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "catalog/snapshot_schema.h"
#include "catalog/sqlite.h"
#include "catalog/temporary_file.h"

namespace omicsfs {

Error other_schema(int version) {
  return {ErrorCode::kInvalid,
          "written with schema version " + std::to_string(version) +
              ", this program reads " + std::to_string(kSnapshotSchemaVersion) +
              "; run `omicsfs refresh`"};
}

namespace {

// Returns the schema version.
Result<int> check_identity(Database& database) {
  const Result<std::int64_t> application =
      database.query_integer("PRAGMA application_id");
  if (!application) {
    return application.error();
  }
  if (*application != kSnapshotApplicationId) {
    return Error{ErrorCode::kCorrupt, "not a catalog snapshot"};
  }
  const Result<std::int64_t> version =
      database.query_integer("PRAGMA user_version");
  if (!version) {
    return version.error();
  }
  if (*version < 1 || *version > kSnapshotSchemaVersion) {
    return other_schema(static_cast<int>(*version));
  }
  return static_cast<int>(*version);
}

// SQLite itself misses a file cut within its last page.
Result<void> check_length(Database& database, int fd) {
  const Result<std::int64_t> pages =
      database.query_integer("PRAGMA page_count");
  const Result<std::int64_t> page_bytes =
      database.query_integer("PRAGMA page_size");
  struct stat facts {};
  if (!pages || !page_bytes) {
    return pages ? page_bytes.error() : pages.error();
  }
  if (::fstat(fd, &facts) != 0) {
    return system_error("cannot stat the snapshot");
  }
  const bool whole =
      facts.st_size % *page_bytes == 0 && facts.st_size / *page_bytes == *pages;
  return whole ? Result<void>()
               : Result<void>(damaged_snapshot("it was cut short"));
}

// A writer that was killed leaves a file of ours with some tables or none.
Result<void> check_tables(Database& database) {
  const Result<std::int64_t> tables = database.query_integer(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
  if (!tables) {
    return tables.error();
  }
  const bool all = *tables == kSnapshotTableCount;
  return all ? Result<void>() : Result<void>(damaged_snapshot("no tables"));
}

Result<std::string> meta_value(Database& database, std::string_view name) {
  Result<Statement> statement =
      database.prepare("SELECT value FROM meta WHERE name = ?1");
  if (!statement) {
    return statement.error();
  }
  Rows rows = statement->rows({name});
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return damaged_snapshot("it lacks " + std::string(name));
  }
  return std::string(rows.text(0));
}

template <typename Integer>
Result<Integer> meta_integer(Database& database, std::string_view name) {
  const Result<std::string> text = meta_value(database, name);
  if (!text) {
    return text.error();
  }
  Integer value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) {
    return damaged_snapshot("its " + std::string(name));
  }
  return value;
}

Result<SnapshotHeader> read_header(Database& database, int schema) {
  const Result<std::string> complete = meta_value(database, kMetaComplete);
  if (!complete) {
    return complete.error();
  }
  const Result<std::string> source = meta_value(database, kMetaSource);
  const auto generation =
      meta_integer<std::uint32_t>(database, kMetaGeneration);
  const auto created = meta_integer<std::int64_t>(database, kMetaCreatedAt);
  if (!source) {
    return source.error();
  }
  if (!generation) {
    return generation.error();
  }
  if (!created) {
    return created.error();
  }
  return SnapshotHeader{*source, *generation, *created, schema};
}

}  // namespace

Error damaged_snapshot(const std::string& what) {
  return {ErrorCode::kCorrupt, "damaged snapshot: " + what};
}

Result<UniqueFd> open_snapshot_file(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = system_error("cannot open " + path.native());
    error.code = errno == ENOENT ? ErrorCode::kNotFound : error.code;
    return error;
  }
  struct stat facts {};
  const bool locked = ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0;
  if (!locked || ::fstat(fd.get(), &facts) != 0 || facts.st_nlink == 0) {
    return Error{ErrorCode::kNotFound,
                 path.native() + " is being written or was removed"};
  }
  return fd;
}

Result<SnapshotHeader> examine_snapshot(const std::filesystem::path& path,
                                        int fd) {
  Result<Database> database = Database::open(path, OpenMode::kImmutable);
  if (!database) {
    return database.error();
  }
  const Result<int> schema = check_identity(*database);
  Result<void> fine =
      schema ? check_length(*database, fd) : Result<void>(schema.error());
  // Whether an older one has the tables is seen when they are asked.
  if (fine && *schema == kSnapshotSchemaVersion) {
    fine = check_tables(*database);
  }
  return fine ? read_header(*database, *schema)
              : Result<SnapshotHeader>(fine.error());
}

}  // namespace omicsfs
