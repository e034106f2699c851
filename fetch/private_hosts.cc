// SPDX-License-Identifier: MIT
#include "fetch/private_hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "catalog/ascii_case.h"
#include "catalog/entry_name.h"
#include "fetch/private_address.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

struct HostPort {
  std::string host;  // an IPv6 address without brackets
  std::string port;  // "": not given
};

// Splits "host:port", "[address]:port" and a bare IPv6 address.
HostPort split_host(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return {std::string(text), ""};
  }
  if (bracket > 0) {
    const std::string_view rest = text.substr(bracket + 1);
    return {lower(text.substr(1, bracket - 1)),
            std::string(rest.substr(rest.starts_with(':') ? 1 : 0))};
  }
  const std::size_t colon = text.find(':');
  const bool bare = colon != text.rfind(':');  // several: an IPv6 address
  return {
      lower(text.substr(0, bare ? text.npos : colon)),
      bare || colon == text.npos ? "" : std::string(text.substr(colon + 1))};
}

std::optional<in6_addr> ipv6_of(const std::string& host) {
  in6_addr address{};
  // A zone ("%eth0") says where an address is, not which.
  const std::string bare = host.substr(0, host.find('%'));
  return ::inet_pton(AF_INET6, bare.c_str(), &address) == 1
             ? std::optional(address)
             : std::nullopt;
}

std::string written(const std::string& host) {
  const auto address = ipv6_of(host);
  if (!address) {
    return host;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &*address, text.data(), text.size());
  return std::string("[").append(text.data()).append("]");
}

HostPort parts_of(std::string_view server) {
  const std::size_t end = server.find(kSchemeEnd);
  const bool secure = server.starts_with("https:");
  HostPort parts = split_host(
      end == server.npos ? server : server.substr(end + kSchemeEnd.size()));
  parts.host = written(parts.host);
  if (parts.port.empty()) {
    parts.port = secure ? "443" : "80";
  }
  return parts;
}

bool is_port(std::string_view text) {
  int port = 0;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && stop == text.data() + text.size() &&
         port >= 1 && port <= 65535;
}

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

bool is_private_ipv6(const in6_addr& address) {
  sockaddr_in6 socket{};
  socket.sin6_family = AF_INET6;
  socket.sin6_addr = address;
  return is_private_address(reinterpret_cast<const sockaddr&>(socket));
}

}  // namespace

Result<std::string> parse_private_host(std::string_view text) {
  const HostPort parts = split_host(text);
  const bool is_address = ipv6_of(parts.host).has_value();
  const bool port_is_missing =
      text.ends_with(':') && (!is_address || text.starts_with('['));
  if ((!is_address && !is_host(parts.host)) || port_is_missing ||
      (!parts.port.empty() && !is_port(parts.port))) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(text) +
                     " is no host: HOST or HOST:PORT is one, where HOST is a "
                     "name or an address, without http://"};
  }
  return written(parts.host) + (parts.port.empty() ? "" : ":" + parts.port);
}

bool names_server(const std::vector<std::string>& rules,
                  std::string_view server) {
  const HostPort parts = parts_of(server);
  return std::any_of(rules.begin(), rules.end(), [&](const std::string& rule) {
    return rule == parts.host || rule == parts.host + ":" + parts.port;
  });
}

std::string rule_of(std::string_view server) {
  const HostPort parts = parts_of(server);
  return parts.host + ":" + parts.port;
}

bool is_at_private_address(std::string_view server) {
  std::string host = parts_of(server).host;
  if (host.starts_with('[')) {
    const auto address = ipv6_of(host.substr(1, host.size() - 2));
    return address && is_private_ipv6(*address);
  }
  if (host.ends_with('.')) {
    host.pop_back();
  }
  // As libcurl reads it: "127.1", "0x7f.1" and "2130706433" are addresses.
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (::inet_aton(host.c_str(), &address.sin_addr) == 1) {
    return is_private_address(reinterpret_cast<const sockaddr&>(address));
  }
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace omicsfs
