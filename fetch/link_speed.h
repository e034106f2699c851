// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "fetch/latency_quantile.h"
#include "fetch/mutex.h"

namespace omicsfs {

// What one connection to a server gives.
struct LinkSpeed {
  std::chrono::microseconds round_trip{0};  // request sent to first byte
  std::uint64_t bytes_per_second = 0;       // of a body
  bool operator==(const LinkSpeed&) const = default;

  // Bytes that come in the time of one round trip.
  [[nodiscard]] std::uint64_t bytes_in_round_trip() const;
};

// Speeds as the answers of each server showed them: the least round trip of
// late, and the average rate of the last eight bodies or so. Thread-safe.
class LinkSpeeds {
 public:
  void note_round_trip(const std::string& server,
                       std::chrono::microseconds taken);
  // From the request's being started, a connection's making included.
  void note_first_byte(const std::string& server,
                       std::chrono::microseconds taken);
  using Time = std::chrono::steady_clock::time_point;
  // A right answer has begun.
  void note_answer(const std::string& server, Time now);
  // Whether one has begun at `time` or later.
  [[nodiscard]] bool answered_since(const std::string& server, Time time) const;
  // A body too small to tell a rate is passed over.
  void note_body(const std::string& server, std::uint64_t bytes,
                 std::chrono::microseconds taken);
  // So long after its start, a request's first byte is later than 99 of 100
  // are; none while too few are known. Never less than 30 ms: a busy machine
  // makes answers late, too.
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after(
      const std::string& server) const;
  // Of a server that has not answered yet: that of a fast local network.
  [[nodiscard]] LinkSpeed of(const std::string& server) const;

 private:
  mutable Mutex mutex_;
  struct Known {
    LinkSpeed speed;
    LatencyQuantile first_byte;
    std::optional<Time> answered_at{};
  };
  Known& known(const std::string& server) REQUIRES_LOCK(mutex_);

  std::map<std::string, Known> servers_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
