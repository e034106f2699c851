// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "tests/support/origin_fault.h"
#include "tests/support/request_log.h"

// The far end of every test: an HTTP/1.1 server on the loopback interface that
// serves objects as S3 does, says what was asked of it, and fails when told to.
//
// GET and HEAD with one Range, If-Match, If-None-Match, If-Range; ListObjectsV2
// at any path with "?list-type=2", over the objects below that path. A path
// that ends in / is answered with the object index.html there, as S3's website
// endpoints do. Requests below /.control/ steer it from outside the process:
//   POST /.control/faults?what=status&glob=/a*&count=2&status=503…
//        (names: the fields of Fault; `ms` for its pause)
//   POST /.control/clear, /.control/release, /.control/log/clear
//   GET  /.control/log, /.control/stats
// They are neither logged nor struck by faults.

namespace omicsfs {

struct OriginOptions {
  std::filesystem::path root;  // files below it are objects; "": no files
  std::uint16_t port = 0;      // 0: any free one
  std::chrono::milliseconds delay{0};  // before each head
  std::uint64_t bandwidth = 0;         // bytes/s a connection; 0: no limit
  std::size_t page_size = 1000;        // the most keys in one listing page
  std::size_t max_connections = 256;   // one more is answered 503
  std::filesystem::path log_file;      // a line for each finished request
};

struct OriginStats {
  RequestCounts requests;
  std::uint64_t connections = 0;  // accepted since the start
};

// Serves from its making to its destruction, which ends every exchange.
// Thread-safe.
class Origin {
 public:
  // Ends the process with a message if it cannot listen.
  explicit Origin(OriginOptions options = {});
  // The same, with an error in place of the end. Errors: kIo.
  static Result<std::unique_ptr<Origin>> start(OriginOptions options);
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;
  ~Origin();

  [[nodiscard]] std::uint16_t port() const;
  // "http://127.0.0.1:<port>" + `path`, percent-encoded; `path` begins with /.
  [[nodiscard]] std::string url(std::string_view path) const;

  // Makes or replaces the object at `path` ("/a/b"), which hides a file of that
  // name. `etag` as sent, quotes included; "": none; not given: of the bytes.
  void add(const std::string& path, std::string bytes,
           std::optional<std::string> etag = std::nullopt);
  void remove(const std::string& path);

  void fail(Fault fault);
  void clear_faults();
  // Ends the pauses that requests are in now.
  void release();

  [[nodiscard]] std::vector<RequestRecord> log() const;
  void clear_log();
  // Waits until `count` requests have arrived since the log was cleared; false
  // when `limit` passes first.
  [[nodiscard]] bool wait_for_requests(
      std::uint64_t count,
      std::chrono::milliseconds limit = std::chrono::seconds(20)) const;
  [[nodiscard]] OriginStats stats() const;

 private:
  class Server;
  explicit Origin(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

}  // namespace omicsfs
