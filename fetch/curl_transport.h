// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetch/rate_rules.h"
#include "fetch/stall_watch.h"
#include "fetch/transport.h"

namespace omicsfs {

struct TransportOptions {
  // Exchanges that one server is asked at a time; more wait for their turn.
  int connections_per_host = kConnectionsPerHost;
  std::chrono::seconds connect_timeout{10};
  // A silent exchange is ended. One that has an alternative may keep its first
  // byte back for no longer than `stall`.
  StallLimits silence{};
  // The clock that silence is measured by.
  std::function<StallWatch::Time()> silence_clock =
      StallWatch::Time::clock::now;
  // Servers, as server_of() names them, that may be at private addresses
  // (is_private_address); not given: any may. Where a proxy of the environment
  // is used, it decides what is reached.
  std::optional<std::vector<std::string>> private_servers{};
  // Hosts that may be there as well (parse_private_host).
  std::vector<std::string> private_hosts{};
  // Servers that are asked only so often; how fast others may be asked is
  // learned from their answers. Processes that share the directory count
  // together; it is made when it is needed.
  RateRules rates{};
  std::filesystem::path rate_directory{};
  // Nobody waits for a server that asks for a longer pause.
  std::chrono::milliseconds longest_pause{60'000};
  // Certificates to trust, a PEM file; "" = $SSL_CERT_FILE, else the system's.
  std::string ca_file{};
};

// Transport over libcurl: one thread that drives all exchanges. Connections are
// kept and shared, HTTP/2 where the server offers it over TLS. Follows up to
// five redirects, as redirect_target() allows; each is a request like any
// other, and waits for its server's turn. A server that asks to be left alone
// (pause_told_by) is, and one that refuses requests as too many (is_throttle)
// is asked more slowly (RatePace), by all processes that share the directory;
// where its pause is longer than `longest_pause`, requests of it end with
// kUnavailable at once. Proxies are taken from the environment, as curl does.
// Destruction ends what still runs, each with kInterrupted. REQUIRES: not
// destroyed from a sink.
class CurlTransport : public Transport {
 public:
  explicit CurlTransport(const TransportOptions& options = {});
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  void start(Request request, std::shared_ptr<ResponseSink> sink) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace omicsfs
