// SPDX-License-Identifier: MIT
#include "catalog/sqlite.h"

#include <sqlite3.h>

#include <limits>
#include <thread>
#include <utility>

#include "catalog/percent_encoding.h"
#include "catalog/pinned_vfs.h"

namespace omicsfs {
namespace {

// A reader has a connection for each thread that was busy at once, and each
// would keep 2 MB of pages that the kernel caches as well. This much holds the
// inner pages, through which every query goes, of a tree of a million files.
constexpr char kReaderCache[] = "PRAGMA cache_size=-512";

ErrorCode code_of(int status) {
  switch (status & 0xFF) {  // the primary code of an extended one
    case SQLITE_FULL:
      return ErrorCode::kNoSpace;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_CONSTRAINT:
      return ErrorCode::kInvalid;
    case SQLITE_BUSY:
      return ErrorCode::kTimedOut;
    default:
      return ErrorCode::kIo;
  }
}

Error error_of(int status, const char* text) {
  return {code_of(status), std::string("SQLite: ") + text};
}

Error error_of(int status, sqlite3* database) {
  const char* text =
      database == nullptr ? sqlite3_errstr(status) : sqlite3_errmsg(database);
  return error_of(status, text);
}

// SQLite binds a null pointer as NULL, so an empty view needs an address.
template <typename Pointer>
const void* address_of(Pointer data) {
  return data == nullptr ? static_cast<const void*>("") : data;
}

struct Binder {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::monostate) const {
    return sqlite3_bind_null(statement, index);
  }
  int operator()(std::int64_t value) const {
    return sqlite3_bind_int64(statement, index, value);
  }
  int operator()(std::string_view value) const {
    return sqlite3_bind_text64(
        statement, index, static_cast<const char*>(address_of(value.data())),
        value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(std::span<const std::byte> value) const {
    return sqlite3_bind_blob64(statement, index, address_of(value.data()),
                               value.size(), SQLITE_STATIC);
  }
};

int bind_all(sqlite3_stmt* statement, std::span<const SqlValue> values) {
  int index = 0;
  for (const SqlValue& value : values) {
    const int status = std::visit(Binder{statement, ++index}, value);
    if (status != SQLITE_OK) {
      return status;
    }
  }
  return SQLITE_OK;
}

// As a URI: the way to say immutable=1. An empty authority, so that a path that
// begins with "//" is not taken for one.
std::string immutable_uri(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path absolute =
      std::filesystem::absolute(path, ignored);
  return "file://" + percent_encode(absolute.native(), "/") + "?immutable=1";
}

// A call that waits for a lock; `tries` counts from 0.
int ask_to_go_on(void* goes_on, int tries) {
  constexpr std::chrono::milliseconds kStep{5};
  if (!(*static_cast<WaitForLock*>(goes_on))(kStep * tries)) {
    return 0;
  }
  std::this_thread::sleep_for(kStep);
  return 1;
}

void configure(sqlite3* database, OpenMode mode, WaitForLock& goes_on) {
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_handler(database, ask_to_go_on, &goes_on);
  // Bytes of a damaged or hostile file must at worst be an error. DEFENSIVE
  // also forbids journal_mode=OFF, which a writer may have use for.
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (mode == OpenMode::kImmutable) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_exec(database, kReaderCache, nullptr, nullptr, nullptr);
  }
}

}  // namespace

Rows::~Rows() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Rows::step() {
  sqlite3* database = sqlite3_db_handle(statement_);
  if (bind_status_ != SQLITE_OK) {
    return error_of(bind_status_, sqlite3_errstr(bind_status_));
  }
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW || status == SQLITE_DONE) {
    return status == SQLITE_ROW;
  }
  return error_of(status, database);
}

bool Rows::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Rows::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) {
    return {};
  }
  const int bytes = sqlite3_column_bytes(statement_, column);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(bytes)};
}

std::span<const std::byte> Rows::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) {
    return {};
  }
  const int count = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::byte*>(bytes),
          static_cast<std::size_t>(count)};
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Rows Statement::rows(std::span<const SqlValue> values) {
  return {statement_.get(), bind_all(statement_.get(), values)};
}

Result<void> Statement::run(std::span<const SqlValue> values) {
  Rows results = rows(values);
  while (true) {
    const Result<bool> more = results.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
  }
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

WaitForLock patience_of(std::chrono::milliseconds patience) {
  return [patience](std::chrono::milliseconds waited) {
    return waited < patience;
  };
}

Result<Database> Database::open(const std::filesystem::path& path,
                                OpenMode mode, WaitForLock goes_on) {
  const bool immutable = mode == OpenMode::kImmutable;
  const int access = immutable ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const std::string name = immutable ? immutable_uri(path) : path.native();
  sqlite3* handle = nullptr;
  const int status =
      sqlite3_open_v2(name.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX,
                      immutable ? nullptr : pinned_vfs());
  Database database(handle);  // to be closed even where it did not open
  if (status != SQLITE_OK) {
    return error_of(status, handle).within(path.native());
  }
  database.goes_on_ = std::make_unique<WaitForLock>(std::move(goes_on));
  configure(handle, mode, *database.goes_on_);
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  const int status =
      sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) {
    return error_of(status, database_.get());
  }
  return {};
}

bool Database::end_transaction() noexcept {
  sqlite3* const handle = database_.get();
  if (sqlite3_get_autocommit(handle) == 0) {
    sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return sqlite3_get_autocommit(handle) != 0;
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (sql.size() > std::numeric_limits<int>::max()) {
    return Error{ErrorCode::kInvalid, "SQLite: a statement is too long"};
  }
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v3(
      database_.get(), sql.data(), static_cast<int>(sql.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status != SQLITE_OK) {
    return error_of(status, database_.get());
  }
  return Statement(statement);
}

Result<std::int64_t> Database::query_integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) {
    return statement.error();
  }
  Rows results = statement->rows();
  const Result<bool> found = results.step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return Error{ErrorCode::kNotFound, "SQLite: no row"};
  }
  return results.integer(0);
}

}  // namespace omicsfs
