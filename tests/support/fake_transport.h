// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fetch/mutex.h"
#include "fetch/transport.h"

namespace omicsfs {

// One way in which FakeTransport fails a request.
struct FakeFault {
  enum class What {
    kRefuse,       // no connection: kUnavailable before any head
    kReset,        // kUnavailable after `bytes` bytes of the body
    kShort,        // the body ends whole after `bytes` bytes, no Content-Length
    kStatus,       // `status`, with `retry_after`, and no body
    kWrongRange,   // Content-Range, and the body, begin one byte later
    kWrongTotal,   // Content-Range claims an object one byte longer
    kWrongLength,  // Content-Length is one too many; the body is right
    kChangedEtag,  // the object has another ETag: 412 to any If-Match
    kIgnoreRange,  // 200 and the whole object
    kLongerBody,   // `bytes` surplus bytes follow; no Content-Length
    kGzipClaim,    // Content-Encoding: gzip, and another size than stored
    kUnknownLength,  // 200 and the whole object, no length
    kDecodes,        // the same of other bytes, but for who accepts gzip: 200,
                     // Content-Encoding: gzip and the whole object
    kNoTotal,        // Content-Range does not tell how long the object is
    kFlipByte,       // the lowest bit of body byte `bytes` is turned
  };
  What what = What::kRefuse;
  std::uint64_t bytes = 0;
  int status = 503;
  std::string retry_after = {};
};

// An HTTP world in memory behind the Transport interface. It proves itself in
// transport_contract_test, next to the real one. Requests run one after another
// on its own thread, at once: Request::delay is only noted in the log. A url
// that was never added answers 404. Thread-safe.
class FakeTransport : public Transport {
 public:
  struct LogEntry {
    std::string url;
    std::optional<ByteRange> range;
    std::string if_match;
    std::chrono::milliseconds delay{0};
    std::string secret_header{};
    std::string accept_encoding{};
    bool fresh_connection = false;
  };

  FakeTransport();
  ~FakeTransport() override;
  void start(Request request, std::shared_ptr<ResponseSink> sink) override;

  // Makes or replaces the object at `url`.
  void add(const std::string& url, std::string bytes,
           std::string etag = "\"v1\"");
  void remove(const std::string& url);
  // The object at `url` is answered with this Last-Modified.
  void date(const std::string& url, const std::string& last_modified);
  // Requests of `url` are answered 307 with `location`, which is followed for
  // those who want that: to another url of this world.
  void redirect(const std::string& url, const std::string& location);
  // Requests of `url` are logged and then wait until release(), or until their
  // sink does not want them.
  void hold(const std::string& url);
  void release(const std::string& url);

  // Fails the `nth` request from now (1 = the next), whatever its url.
  void fail_nth(std::uint64_t nth, const FakeFault& fault);
  // Fails each request of `url` until clear_faults().
  void fail_url(const std::string& url, const FakeFault& fault);
  void clear_faults();

  // The most bytes that one on_body gets; 16 KiB at first.
  void set_chunk_bytes(std::size_t bytes);

  [[nodiscard]] std::vector<LogEntry> log() const;
  [[nodiscard]] std::size_t requests() const;
  // Waits until at least `count` requests were logged.
  void wait_for_requests(std::size_t count) const;

 private:
  struct Object {
    std::string bytes, etag;
    std::string last_modified{};
  };
  struct Exchange {
    Request request;
    std::shared_ptr<ResponseSink> sink;
    std::optional<FakeFault> fault;
    bool started = false;  // its sink has been told
  };

  void run();
  std::optional<Exchange> next();
  std::optional<Exchange> take_ready() REQUIRES_LOCK(mutex_);
  std::optional<Exchange> take_unwanted(
      const std::vector<std::shared_ptr<ResponseSink>>& sinks);
  template <typename Pick>
  std::optional<Exchange> take_if(const Pick& pick) REQUIRES_LOCK(mutex_);
  std::optional<FakeFault> fault_of(const std::string& url)
      REQUIRES_LOCK(mutex_);
  std::optional<Object> object_of(const std::string& url) const;
  std::string redirect_of(const std::string& url) const;
  void answer(const Exchange& exchange);
  Result<void> deliver_body(const Exchange& exchange, std::string body) const;

  mutable Mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::map<std::string, Object> objects_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> redirects_ GUARDED_BY(mutex_);
  std::set<std::string> held_ GUARDED_BY(mutex_);
  std::map<std::uint64_t, FakeFault> nth_faults_ GUARDED_BY(mutex_);
  std::map<std::string, FakeFault> url_faults_ GUARDED_BY(mutex_);
  std::deque<Exchange> queue_ GUARDED_BY(mutex_);
  std::vector<LogEntry> log_ GUARDED_BY(mutex_);
  std::size_t chunk_bytes_ GUARDED_BY(mutex_) = 16UL * 1024;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace omicsfs
