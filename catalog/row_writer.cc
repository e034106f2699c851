// SPDX-License-Identifier: MIT
#include "catalog/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

namespace omicsfs {
namespace {

// Of a statement, and of a job: to wake a thread costs as much as some rows.
constexpr std::size_t kRowsAtATime = 32;
constexpr std::size_t kRowsOfJob = 8 * kRowsAtATime;
constexpr std::size_t kBytesOfJob = std::size_t{256} << 10U;
// A megabyte or two, as rows are.
constexpr std::size_t kMostJobs = 8;
constexpr std::size_t kFewJobs = 2;

std::string row_of_parameters(std::size_t columns) {
  std::string row = "(?";
  for (std::size_t column = 1; column < columns; ++column) {
    row += ",?";
  }
  return row += ')';
}

std::string insert_text(std::string_view insert, std::size_t columns,
                        std::size_t rows) {
  const std::string row = row_of_parameters(columns);
  std::string values = row;
  for (std::size_t further = 1; further < rows; ++further) {
    values += ',';
    values += row;
  }
  return fmt::format("{} VALUES {}", insert, values);
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

SqlValue RowBatch::value(std::size_t index) const {
  const Cell& cell = cells_[index];
  if (cell.kind == Kind::kNull) {
    return {};
  }
  if (cell.kind == Kind::kInteger) {
    return cell.value;
  }
  const auto text = std::string_view(text_).substr(
      static_cast<std::size_t>(cell.value), cell.size);
  return cell.kind == Kind::kText ? SqlValue(text)
                                  : SqlValue(std::as_bytes(std::span(text)));
}

void RowBatch::clear() {
  cells_.clear();
  text_.clear();
}

RowWriter::RowWriter(Database& database) : database_(database) {
  spare_.reserve(kMostJobs);
  thread_ = std::thread([this] { run(); });
}

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
  auto of_many = database_.prepare(insert_text(insert, columns, kRowsAtATime));
  auto of_one = database_.prepare(insert_text(insert, columns, 1));
  if (!of_many || !of_one) {
    return of_many ? of_one.error() : of_many.error();
  }
  targets_.push_back({*std::move(of_many), *std::move(of_one), columns, {}});
  return Table{targets_.size() - 1};
}

Result<void> RowWriter::add(Table table, std::initializer_list<SqlValue> row) {
  Target& target = targets_[table.index];
  target.held.add(row);
  const bool is_full = target.held.values() >= kRowsOfJob * target.columns ||
                       target.held.bytes() >= kBytesOfJob;
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
  RowBatch empty;
  if (!spare_.empty()) {
    empty = std::move(spare_.back());
    spare_.pop_back();
  }
  jobs_.push_back({&target, std::exchange(target.held, std::move(empty))});
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
  std::vector<SqlValue> values;  // of a statement
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return ends_ || !jobs_.empty(); });
    if (ends_ || failure_) {
      return;
    }
    Job& job = jobs_.front();  // others are put behind it
    lock.unlock();
    Result<void> written;
    try {
      written = write(job, values);
      job.rows.clear();
    } catch (const std::bad_alloc&) {
      written = Error{ErrorCode::kIo, "no memory to write rows"};
    }
    lock.lock();
    end_job(written);
  }
}

// Of the first job. There are never more batches than jobs at a time, and so
// room for those to spare.
void RowWriter::end_job(const Result<void>& written) {
  if (written) {
    spare_.push_back(std::move(jobs_.front().rows));
    jobs_.pop_front();
  } else {
    failure_ = written.error();
  }
  if (failure_ || jobs_.size() == kFewJobs || jobs_.empty()) {
    room_.notify_one();
  }
}

Result<void> RowWriter::write(const Job& job, std::vector<SqlValue>& values) {
  const std::size_t columns = job.target->columns;
  std::size_t next = 0;
  while (next < job.rows.values()) {
    const bool many = job.rows.values() - next >= kRowsAtATime * columns;
    const std::size_t end = next + (many ? kRowsAtATime : 1) * columns;
    values.clear();
    for (; next < end; ++next) {
      values.push_back(job.rows.value(next));
    }
    auto written =
        many ? job.target->of_many.run(values) : job.target->of_one.run(values);
    if (!written) {
      return written;
    }
  }
  return {};
}

}  // namespace omicsfs
