// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catalog/result.h"
#include "catalog/sqlite.h"

namespace omicsfs {

// Copies of rows for one table.
class RowBatch {
 public:
  void add(std::initializer_list<SqlValue> row);
  [[nodiscard]] std::size_t values() const { return cells_.size(); }
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }
  // The value `index`, row by row. Good until the batch is changed.
  [[nodiscard]] SqlValue value(std::size_t index) const;
  // Forgets the rows, and keeps their memory.
  void clear();

 private:
  enum class Kind { kNull, kInteger, kText, kBytes };
  struct Cell {
    Kind kind = Kind::kNull;
    std::int64_t value = 0;  // or where it begins in text_
    std::size_t size = 0;
  };
  std::vector<Cell> cells_;
  std::string text_;  // of all texts and bytes
};

// Adds rows to the tables of a database: many with one statement, among which
// what a statement costs is shared, and on a thread of its own, while its user
// makes the next ones. The database must outlive it, and is the writer's from
// add() until flush(). Thread-compatible.
class RowWriter {
 public:
  explicit RowWriter(Database& database);
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  // What was not flushed may be lost.
  ~RowWriter();

  struct Table {
    std::size_t index = 0;
  };
  // `insert` as SQL has it: "INSERT INTO entries(parent, name, node)". Errors:
  // those of flush() and of Database::prepare.
  Result<Table> prepare(std::string_view insert);

  // Takes a copy of `row`, a value for each column; waits where much is still
  // to be written. Errors: those of Statement::run, of rows added before.
  Result<void> add(Table table, std::initializer_list<SqlValue> row);
  // Once it returns, all rows are in their tables. Errors: as those of add().
  Result<void> flush();

 private:
  struct Target {
    Statement of_many;
    Statement of_one;
    std::size_t columns = 0;
    RowBatch held;  // less than a job
  };
  struct Job {
    Target* target = nullptr;
    RowBatch rows;
  };

  void run();
  void end_job(const Result<void>& written);
  static Result<void> write(const Job& job, std::vector<SqlValue>& values);
  Result<void> hand_over(Target& target);

  Database& database_;
  std::deque<Target> targets_;  // which jobs point to

  std::mutex mutex_;
  std::condition_variable work_;  // there are jobs, or it is over
  std::condition_variable room_;  // there are few jobs, or none, or a failure
  std::deque<Job> jobs_;          // the first is being done
  std::vector<RowBatch> spare_;   // empty ones, of jobs that were done
  std::optional<Error> failure_;
  bool ends_ = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace omicsfs
