// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "tests/support/gate.h"
#include "tests/support/http_request.h"
#include "tests/support/http_response.h"

namespace omicsfs {

// Told of body bytes about to be sent, and by a negative number of those that
// were not sent after all.
using BytesObserver = std::function<void(std::int64_t bytes)>;

// One client's connection, from the server's side. Thread-compatible; a
// shutdown(2) of the socket from any thread ends every call.
class Connection {
 public:
  // `socket` outlives the connection. `rate` in bytes/s of body; 0: no limit.
  Connection(int socket, std::uint64_t rate) : socket_(socket), rate_(rate) {}

  // The next request, its body discarded; empty when the client is done.
  // Errors: kInvalid.
  Result<std::optional<HttpRequest>> receive();
  // Ends pauses of no given length when `gate` opens. False when the
  // connection must be closed.
  [[nodiscard]] bool send(const Response& response, bool with_body,
                          const Gate& gate, const BytesObserver& observe);
  // Nothing is sent for `length`. False when the client hangs up meanwhile.
  [[nodiscard]] bool pause(std::chrono::milliseconds length) const;

 private:
  class Sender;

  [[nodiscard]] bool receive_more();
  [[nodiscard]] bool discard(std::uint64_t length);
  [[nodiscard]] bool send_head(const Response& response, bool more) const;
  void reset() const;

  int socket_;
  std::uint64_t rate_;
  std::string received_;
};

}  // namespace omicsfs
