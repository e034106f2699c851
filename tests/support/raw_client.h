// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "catalog/unique_fd.h"

namespace omicsfs {

// What came back for one request, byte for byte.
struct Reply {
  int status = 0;  // 0: no head came
  std::map<std::string, std::string> headers;
  std::string body;
  bool whole = false;  // all that Content-Length promised
  bool reset = false;  // the connection ended with RST

  [[nodiscard]] std::string header(const std::string& name) const;
};

// One connection to a server on the loopback interface that sends what it is
// told and believes nothing. Thread-compatible.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);

  // "GET <target> HTTP/1.1" and `headers`, each line with its CRLF.
  Reply get(const std::string& target, const std::string& headers = "");
  Reply post(const std::string& target);
  // Sends `text` as it is; `has_body` is false for the answer to a HEAD.
  Reply exchange(const std::string& text, bool has_body = true);
  void send(const std::string& text) const;
  Reply receive(bool has_body = true);
  // Whether bytes, or the connection's end, have arrived.
  [[nodiscard]] bool readable() const;

 private:
  // False at the connection's end.
  bool receive_more(Reply& reply);
  bool receive_head(Reply& reply);

  UniqueFd socket_;
  std::string received_;
};

}  // namespace omicsfs
