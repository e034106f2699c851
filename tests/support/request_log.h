// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "fetch/mutex.h"

namespace omicsfs {

// One request that the test origin received.
struct RequestRecord {
  std::uint64_t seq = 0;  // from 1, never reused
  std::chrono::steady_clock::time_point arrived{};
  std::string method;
  std::string path;   // percent-decoded, without the query
  std::string query;  // as sent, without the "?"
  std::string range;  // the Range header as sent, or ""
  std::string if_match;
  int status = 0;  // 0: not answered (yet)
  // Of the body. Never less than what the client has received; more only while
  // the client is about to break the connection.
  std::uint64_t bytes_sent = 0;
  std::uint64_t connection = 0;  // from 1, in the order of acceptance
  // How many requests, this one included, waited for one another to end: one
  // more than the deepest of those that were over when it arrived.
  std::uint64_t depth = 0;
};

// "seq method path range status bytes connection depth", with - for no range.
[[nodiscard]] std::string to_line(const RequestRecord& record);

struct RequestCounts {
  std::uint64_t requests = 0;    // since the start
  std::uint64_t bytes_sent = 0;  // likewise
  // A request is in flight from its arrival until its last byte is on its way,
  // so a client that sends one request after another is never seen as two.
  std::uint64_t in_flight = 0;
  std::uint64_t peak_in_flight = 0;
};

// What was asked of an origin, in the order of arrival. Thread-safe.
class RequestLog {
 public:
  // A request has arrived; returns its seq.
  std::uint64_t begin(RequestRecord record);
  // An answer of `body_bytes` is about to be sent.
  void answer(std::uint64_t seq, int status, std::uint64_t body_bytes);
  // Called with a piece's size before it is sent, so that the log is never
  // behind the client, and with a negative size for what was not sent.
  void add_bytes(std::uint64_t seq, std::int64_t bytes);
  // The request is over. Returns its record, empty if that was cleared.
  RequestRecord finish(std::uint64_t seq);

  [[nodiscard]] std::vector<RequestRecord> records() const;
  void clear();
  // Waits until `count` requests have arrived since the last clear(). False
  // when `limit` passes first.
  [[nodiscard]] bool wait_for(std::uint64_t count,
                              std::chrono::milliseconds limit) const;
  [[nodiscard]] RequestCounts counts() const;

 private:
  static constexpr std::uint64_t kUnknown =
      std::numeric_limits<std::uint64_t>::max();

  struct Entry {
    RequestRecord record;
    std::uint64_t body_bytes;
    bool in_flight;
  };

  Entry* find(std::uint64_t seq) REQUIRES_LOCK(mutex_);
  void land(Entry& entry) REQUIRES_LOCK(mutex_);
  void land_if_sent(Entry& entry) REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  mutable std::condition_variable_any arrived_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);
  RequestCounts counts_ GUARDED_BY(mutex_);
  std::uint64_t deepest_over_ GUARDED_BY(mutex_) = 0;
};

}  // namespace omicsfs
