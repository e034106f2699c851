// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "catalog/result.h"

struct sqlite3;
struct sqlite3_stmt;

// SQLite behind types that clean up after themselves. A connection and its
// statements are thread-compatible: any thread may use them, one at a time.
// Errors of all: kNoSpace (SQLITE_FULL), kCorrupt (SQLITE_CORRUPT, _NOTADB),
// kInvalid (a constraint), kTimedOut (SQLITE_BUSY: another one has it locked),
// kIo (any other).

namespace omicsfs {

// What a statement is given: NULL, an integer, UTF-8 text or bytes.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string_view,
                              std::span<const std::byte>>;

// One run of a statement; resets it when it goes. The statement must outlive
// it, and at most one run of a statement may exist at a time.
class Rows {
 public:
  Rows(sqlite3_stmt* statement, int bind_status)
      : statement_(statement), bind_status_(bind_status) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  // Goes to the next row; false at the end.
  Result<bool> step();

  // Columns of the row that step() went to, from 0. Views last until the next
  // step.
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bind_status_;  // reported by step()
};

// A prepared statement. Its database must outlive it.
class Statement {
 public:
  // Starts a run with ?1, ?2, … bound to `values`, whose text and bytes must
  // outlive the Rows.
  Rows rows(std::initializer_list<SqlValue> values = {}) {
    return rows(std::span(values.begin(), values.size()));
  }
  Rows rows(std::span<const SqlValue> values);
  // Runs to the end and drops any rows.
  Result<void> run(std::initializer_list<SqlValue> values = {}) {
    return run(std::span(values.begin(), values.size()));
  }
  Result<void> run(std::span<const SqlValue> values);

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class OpenMode {
  kImmutable,        // read-only, of a file that nobody changes; takes no lock
  kReadWriteCreate,  // made where it is not there; waits up to 5 s for locks
};

// Whether a call that has waited so long for the lock of another process goes
// on to wait; asked every few milliseconds, from the thread that waits.
using WaitForLock = std::function<bool(std::chrono::milliseconds waited)>;
[[nodiscard]] WaitForLock patience_of(std::chrono::milliseconds patience);

class Database {
 public:
  // How long a call waits for the lock of another process: long enough for its
  // transaction, short enough that a stuck one is told about.
  static constexpr std::chrono::milliseconds kPatience{5000};

  static Result<Database> open(const std::filesystem::path& path, OpenMode mode,
                               WaitForLock goes_on = patience_of(kPatience));

  // Runs any number of statements that return nothing of interest.
  Result<void> execute(const std::string& sql);
  // Rolls back a transaction that is still open, if one is. False where not
  // even that could be done: the connection is of no more use.
  [[nodiscard]] bool end_transaction() noexcept;
  Result<Statement> prepare(std::string_view sql);
  // The first column of the first row. Errors: also kNotFound, no row.
  Result<std::int64_t> query_integer(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<WaitForLock> goes_on_;  // which the connection asks
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace omicsfs
