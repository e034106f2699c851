// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "catalog/unique_fd.h"

namespace omicsfs {

// A port of the loopback interface that is taken and refuses connections for as
// long as this lives: bound, never listened on.
class DeadPort {
 public:
  DeadPort() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    bound_ = ::bind(fd_.get(), any, size) == 0 &&
             ::getsockname(fd_.get(), any, &size) == 0;
    port_ = ntohs(address.sin_port);
  }

  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  UniqueFd fd_;
  bool bound_ = false;
  unsigned port_ = 0;
};

}  // namespace omicsfs
