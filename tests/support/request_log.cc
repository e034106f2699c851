// SPDX-License-Identifier: MIT
#include "tests/support/request_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace omicsfs {

std::string to_line(const RequestRecord& record) {
  const std::string target =
      record.query.empty() ? record.path : record.path + "?" + record.query;
  return fmt::format("{} {} {} {} {} {} {} {}\n", record.seq, record.method,
                     target, record.range.empty() ? "-" : record.range,
                     record.status, record.bytes_sent, record.connection,
                     record.depth);
}

std::uint64_t RequestLog::begin(RequestRecord record) {
  const MutexLock lock(mutex_);
  record.seq = ++counts_.requests;
  record.arrived = std::chrono::steady_clock::now();
  record.depth = deepest_over_ + 1;
  ++counts_.in_flight;
  counts_.peak_in_flight = std::max(counts_.peak_in_flight, counts_.in_flight);
  entries_.push_back({std::move(record), kUnknown, true});
  arrived_.notify_all();
  return counts_.requests;
}

void RequestLog::answer(std::uint64_t seq, int status,
                        std::uint64_t body_bytes) {
  const MutexLock lock(mutex_);
  if (Entry* entry = find(seq)) {
    entry->record.status = status;
    entry->body_bytes = body_bytes;
    land_if_sent(*entry);
  }
}

void RequestLog::add_bytes(std::uint64_t seq, std::int64_t bytes) {
  const MutexLock lock(mutex_);
  counts_.bytes_sent += static_cast<std::uint64_t>(bytes);
  if (Entry* entry = find(seq)) {
    entry->record.bytes_sent += static_cast<std::uint64_t>(bytes);
    land_if_sent(*entry);
  }
}

RequestRecord RequestLog::finish(std::uint64_t seq) {
  const MutexLock lock(mutex_);
  Entry* entry = find(seq);
  if (entry == nullptr) {
    return {};
  }
  land(*entry);
  return entry->record;
}

std::vector<RequestRecord> RequestLog::records() const {
  const MutexLock lock(mutex_);
  std::vector<RequestRecord> records;
  records.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    records.push_back(entry.record);
  }
  return records;
}

void RequestLog::clear() {
  const MutexLock lock(mutex_);
  // What is in flight stays so, though nobody will tell of its end.
  for (const Entry& entry : entries_) {
    counts_.in_flight -= entry.in_flight ? 1 : 0;
  }
  entries_.clear();
}

bool RequestLog::wait_for(std::uint64_t count,
                          std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  MutexLock lock(mutex_);
  while (entries_.size() < count) {
    if (arrived_.wait_until(lock, deadline) == std::cv_status::timeout) {
      return entries_.size() >= count;
    }
  }
  return true;
}

RequestCounts RequestLog::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

RequestLog::Entry* RequestLog::find(std::uint64_t seq) {
  if (entries_.empty() || seq < entries_.front().record.seq) {
    return nullptr;
  }
  return &entries_[seq - entries_.front().record.seq];
}

void RequestLog::land(Entry& entry) {
  if (entry.in_flight) {
    entry.in_flight = false;
    --counts_.in_flight;
    deepest_over_ = std::max(deepest_over_, entry.record.depth);
  }
}

void RequestLog::land_if_sent(Entry& entry) {
  if (entry.record.bytes_sent >= entry.body_bytes) {
    land(entry);
  }
}

}  // namespace omicsfs
