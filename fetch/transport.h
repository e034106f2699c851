// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "catalog/result.h"
#include "fetch/byte_range.h"

// One HTTP exchange: a request, and a sink for what comes back. A transport
// knows nothing of retries, mirrors or caches.

namespace omicsfs {

// What tells one version of an object from another (RFC 9110 8.8).
struct Validator {
  std::string etag;           // as sent, quotes and W/ included; "" = none
  std::string last_modified;  // as sent; "" = none

  [[nodiscard]] bool empty() const {
    return etag.empty() && last_modified.empty();
  }
  bool operator==(const Validator&) const = default;
};

// Exchanges that one server is asked at a time, unless set otherwise. On a line
// of 30 ms a connection stands still for a fifth of the time, waiting for the
// answer to the next request; as many make up for it.
inline constexpr int kConnectionsPerHost = 24;

// What becomes of an answer that leads elsewhere.
enum class Redirects {
  kFollow,  // a GET without a secret goes where it leads
  kTell,    // it is the answer
};

struct Request {
  std::string url;
  std::optional<ByteRange> range{};    // none: the whole object
  std::string if_match{};              // a strong ETag, or "" to ask for any
  std::chrono::milliseconds delay{0};  // starts no earlier than this from now
  std::string method{};                // "" = GET
  std::string body{};                  // JSON, of a POST or PUT
  // A further header, "Name: value", that may hold a secret: it is never shown,
  // and a request that has one follows no redirect.
  std::string secret_header{};
  // What the body may be encoded with, as Accept-Encoding has it; "" = nothing.
  // It is passed on as it comes.
  std::string accept_encoding{};
  Redirects redirects = Redirects::kFollow;
  // Another url may have the same bytes sooner: an answer that is late ends as
  // one that stalls.
  bool has_alternative = false;
  // Over a connection of its own, to an address of the server that is looked up
  // anew: what one machine of many answered may not be what the next one does.
  bool fresh_connection = false;
};

// The status and those headers of the response that mean something to us; each
// as sent, "" where absent. Of responses that lead elsewhere, and are followed,
// nothing is told.
struct ResponseHead {
  int status = 0;
  std::optional<std::uint64_t> content_length;
  std::string content_range;
  std::string content_encoding;
  std::string content_type;
  std::string retry_after;
  std::string rate_limit;
  std::string rate_limit_reset;      // or X-RateLimit-Reset
  std::string rate_limit_remaining;  // or X-RateLimit-Remaining
  std::string location;
  std::string link;
  std::string bucket_region;  // where S3 says that the bucket is
  Validator validator;
  // From the request's being sent to the head's first byte.
  std::chrono::microseconds waited{0};
};

// Takes one response. All calls come from the transport's own thread, in the
// order on_started, on_head, on_body…, on_done; on_done comes exactly once,
// on_started and on_head at most once. None may block for long, throw, or call
// back into a transport other than through start().
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  // Its turn has come: from now on it waits for nobody but the server. It is
  // not sent if it is not wanted afterwards.
  virtual void on_started() {}
  // An error ends the exchange; on_done receives it unchanged.
  virtual Result<void> on_head(const ResponseHead& head) = 0;
  virtual Result<void> on_body(std::span<const std::byte> bytes) = 0;
  // Success when the response ended whole (by its own framing), whatever its
  // status. Errors: the sink's own; kUnavailable (connect, TLS, reset, stall,
  // cut short, refused redirect); kInterrupted (not wanted any more, or the
  // transport is being destroyed); kInvalid (a url that is not http or https,
  // or whose server's certificate is not trusted: to ask again is of no use).
  virtual void on_done(Result<void> result) = 0;
  // Polled while the exchange runs; false ends it.
  [[nodiscard]] virtual bool wanted() const { return true; }
  // Polled once the head has come; false holds the body back for now.
  [[nodiscard]] virtual bool ready() const { return true; }
  // Polled while the exchange waits for its server's turn: those that somebody
  // waits for go first.
  [[nodiscard]] virtual bool urgent() const { return true; }
};

// Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;
  // Starts an exchange and returns at once.
  virtual void start(Request request, std::shared_ptr<ResponseSink> sink) = 0;
};

}  // namespace omicsfs
