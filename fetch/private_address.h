// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

namespace omicsfs {

// Whether an address is of this machine, of its network or of a group: what no
// server of public data has, and what a manifest or a redirect must not make us
// talk to. By the special-purpose registries of IPv4 and IPv6 (RFC 6890), with
// multicast (RFC 1112, RFC 4291 2.7), and the IPv4 address that an IPv6 one
// carries (::ffff:0:0/96, 64:ff9b::/96, RFC 6052). True for a family that is
// neither, such as a unix socket. Pure.
[[nodiscard]] bool is_private_address(const sockaddr& address);

}  // namespace omicsfs
