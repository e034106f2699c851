// SPDX-License-Identifier: MIT
#include "catalog/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

namespace omicsfs {
namespace {

constexpr std::size_t kRowsAtATime = 32;
// Some megabytes, as rows are.
constexpr std::size_t kMostJobs = 64;
constexpr std::size_t kFewJobs = 16;

std::string row_of_parameters(std::size_t columns) {
  std::string row = "(?";
  for (std::size_t column = 1; column < columns; ++column) {
    row += ",?";
  }
  return row += ')';
}

// The last parameter limits the rows to those that were given values.
std::string insert_text(std::string_view insert, std::size_t columns) {
  const std::string row = row_of_parameters(columns);
  std::string rows = row;
  for (std::size_t further = 1; further < kRowsAtATime; ++further) {
    rows += ',';
    rows += row;
  }
  return fmt::format("{} SELECT * FROM (VALUES {}) LIMIT ?", insert, rows);
}

}  // namespace

void RowBatch::add(std::initializer_list<SqlValue> row) {
  const auto keep = [this](Kind kind, const char* bytes, std::size_t size) {
    cells_.push_back({kind, static_cast<std::int64_t>(text_.size()), size});
    text_.append(bytes, size);
  };
  for (const SqlValue& value : row) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      cells_.push_back({Kind::kInteger, *number, 0});
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      keep(Kind::kText, text->data(), text->size());
    } else if (const auto* bytes =
                   std::get_if<std::span<const std::byte>>(&value)) {
      keep(Kind::kBytes, reinterpret_cast<const char*>(bytes->data()),
           bytes->size());
    } else {
      cells_.push_back({});
    }
  }
}

std::vector<SqlValue> RowBatch::all() const {
  std::vector<SqlValue> values;
  values.reserve(cells_.size() + 1);
  for (const Cell& cell : cells_) {
    switch (cell.kind) {
      case Kind::kNull:
        values.emplace_back();
        break;
      case Kind::kInteger:
        values.emplace_back(cell.value);
        break;
      case Kind::kText:
      case Kind::kBytes: {
        const auto text = std::string_view(text_).substr(
            static_cast<std::size_t>(cell.value), cell.size);
        values.push_back(cell.kind == Kind::kText
                             ? SqlValue(text)
                             : SqlValue(std::as_bytes(std::span(text))));
        break;
      }
    }
  }
  return values;
}

RowWriter::RowWriter(Database& database)
    : database_(database), thread_([this] { run(); }) {}

RowWriter::~RowWriter() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  work_.notify_one();
  thread_.join();
}

Result<RowWriter::Table> RowWriter::prepare(std::string_view insert) {
  if (auto idle = flush(); !idle) {
    return idle.error();
  }
  const auto columns =
      static_cast<std::size_t>(std::count(insert.begin(), insert.end(), ',')) +
      1;
  Result<Statement> statement = database_.prepare(insert_text(insert, columns));
  if (!statement) {
    return statement.error();
  }
  targets_.push_back({*std::move(statement), columns, {}});
  return Table{targets_.size() - 1};
}

Result<void> RowWriter::add(Table table, std::initializer_list<SqlValue> row) {
  Target& target = targets_[table.index];
  target.held.add(row);
  const bool is_full = target.held.values() >= kRowsAtATime * target.columns;
  return is_full ? hand_over(target) : Result<void>();
}

Result<void> RowWriter::hand_over(Target& target) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (jobs_.size() == kMostJobs) {
    room_.wait(lock, [this] { return jobs_.size() <= kFewJobs || failure_; });
  }
  if (failure_) {
    return *failure_;
  }
  jobs_.push_back({&target, std::exchange(target.held, {})});
  const bool was_idle = jobs_.size() == 1;
  lock.unlock();
  if (was_idle) {
    work_.notify_one();
  }
  return {};
}

Result<void> RowWriter::flush() {
  for (Target& target : targets_) {
    if (target.held.values() == 0) {
      continue;
    }
    if (auto handed = hand_over(target); !handed) {
      return handed;
    }
  }
  std::unique_lock<std::mutex> lock(mutex_);
  room_.wait(lock, [this] { return jobs_.empty() || failure_; });
  return failure_ ? Result<void>(*failure_) : Result<void>();
}

// After a failure nothing more is written.
void RowWriter::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return ends_ || !jobs_.empty(); });
    if (ends_ || failure_) {
      return;
    }
    const Job& job = jobs_.front();  // others are put behind it
    lock.unlock();
    Result<void> written;
    try {
      written = write(job);
    } catch (const std::bad_alloc&) {
      written = Error{ErrorCode::kIo, "no memory to write rows"};
    }
    lock.lock();
    if (!written) {
      failure_ = written.error();
    } else {
      jobs_.pop_front();
    }
    if (failure_ || jobs_.size() == kFewJobs || jobs_.empty()) {
      room_.notify_one();
    }
  }
}

Result<void> RowWriter::write(const Job& job) {
  std::vector<SqlValue> values = job.rows.all();
  const std::size_t rows = values.size() / job.target->columns;
  values.resize(kRowsAtATime * job.target->columns);
  values.emplace_back(static_cast<std::int64_t>(rows));
  return job.target->statement.run(values);
}

}  // namespace omicsfs
