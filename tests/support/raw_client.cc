// SPDX-License-Identifier: MIT
#include "tests/support/raw_client.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace omicsfs {
namespace {

void parse_head(const std::string& head, Reply& reply) {
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  constexpr std::size_t kStatusAt = std::string_view("HTTP/1.1 ").size();
  reply.status = std::atoi(line.substr(kStatusAt, 3).c_str());  // NOLINT
  while (std::getline(lines, line) && line != "\r") {
    const std::size_t colon = line.find(": ");
    reply.headers[line.substr(0, colon)] =
        line.substr(colon + 2, line.size() - colon - 3);
  }
}

}  // namespace

std::string Reply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

RawClient::RawClient(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    socket_.reset();
  }
}

Reply RawClient::get(const std::string& target, const std::string& headers) {
  return exchange("GET " + target + " HTTP/1.1\r\nHost: here\r\n" + headers +
                  "\r\n");
}

Reply RawClient::post(const std::string& target) {
  return exchange("POST " + target +
                  " HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n");
}

Reply RawClient::exchange(const std::string& text, bool has_body) {
  send(text);
  return receive(has_body);
}

void RawClient::send(const std::string& text) const {
  // What cannot be sent shows as a reply without a head.
  (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

Reply RawClient::receive(bool has_body) {
  Reply reply;
  if (!receive_head(reply)) {
    return reply;
  }
  const std::string length = reply.header("Content-Length");
  const std::uint64_t promised =
      has_body && !length.empty() ? std::stoull(length) : 0;
  while (received_.size() < promised && receive_more(reply)) {
  }
  reply.whole = received_.size() >= promised;
  reply.body = received_.substr(0, promised);
  received_.erase(0, promised);
  return reply;
}

bool RawClient::readable() const {
  pollfd polled = {socket_.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

bool RawClient::receive_more(Reply& reply) {
  std::array<char, 16'384> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    reply.reset = count < 0 && errno == ECONNRESET;
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool RawClient::receive_head(Reply& reply) {
  std::size_t end = received_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!receive_more(reply)) {
      return false;
    }
    end = received_.find("\r\n\r\n");
  }
  parse_head(received_.substr(0, end + 2), reply);
  received_.erase(0, end + 4);
  return true;
}

}  // namespace omicsfs
