// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "fetch/mutex.h"

// The ways in which the test origin misbehaves, and on which requests.

namespace omicsfs {

enum class FaultKind {
  kStatus,             // answers `status` with `header`, and a short text
  kRefuseRange,        // ignores Range: 200 and the whole object
  kIgnoreConditions,   // ignores If-Match, If-None-Match and If-Range
  kChangedEtag,        // the object has another ETag, so If-Match gives 412
  kWrongContentRange,  // Content-Range starts and ends one byte later
  kWrongTotal,         // Content-Range claims a file one byte longer
  kWrongLength,        // Content-Length promises `bytes` more than there are
  kLongerBody,         // `bytes` surplus bytes, counted by Content-Length
  kTruncate,           // closes the connection after `bytes` bytes of body
  kReset,              // the same with RST in place of FIN
  kStallHead,          // no head for `pause`
  kStallBody,          // no more body for `pause` after `bytes` bytes of it
  kTrickle,            // sends `bytes` bytes a second
  kGzipClaim,          // says Content-Encoding: gzip of bytes that are plain
  kHtml,               // 200 with an HTML error page in place of the object
  kRedirect,           // 302 to `url`
  kFlipByte,           // flips the lowest bit of body byte `bytes`
  kCloseUnanswered,    // closes the connection in place of an answer
  kCloseOnAccept,      // closes a connection before any request; no glob
};

// One rule. Requests whose path `glob` matches are counted by the rule itself:
// the first `skip` of them pass, then every `every`-th is struck with
// `probability`, until `count` have been struck.
struct Fault {
  static constexpr std::uint64_t kForever =
      std::numeric_limits<std::uint64_t>::max();

  FaultKind kind = FaultKind::kStatus;
  std::string glob = "*";  // of the decoded path; * matches slashes too
  std::uint64_t skip = 0;
  std::uint64_t every = 1;
  std::uint64_t count = kForever;
  double probability = 1.0;
  std::uint64_t seed = 1;

  int status = 503;
  std::string header = {};  // one header line without its end: "Retry-After: 1"
  std::uint64_t bytes = 0;
  std::chrono::milliseconds pause{0};  // 0: until Origin::release()
  std::string url = {};
};

// The name of a kind in control requests: kWrongTotal is "wrong-total".
Result<FaultKind> parse_fault_kind(std::string_view name);

// The rules in force. Thread-safe.
class FaultRules {
 public:
  void add(Fault fault);
  void clear();
  // The faults that strike a request of `path`, oldest rule first; this is the
  // request's one count with each rule that matches.
  [[nodiscard]] std::vector<Fault> strike(const std::string& path);
  // Whether a new connection is closed at once.
  [[nodiscard]] bool strikes_connection();

 private:
  struct Rule {
    Fault fault;
    std::mt19937_64 dice;
    std::uint64_t seen = 0;
    std::uint64_t struck = 0;

    bool roll();
  };

  Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
