// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

// Hosts that may be at private addresses (private_address.h), by the user's
// word: "host" for all its ports, or "host:port". Pure.

namespace omicsfs {

// `text` in the form that is compared: lower case, an IPv6 address in brackets.
// Errors: kInvalid, it is neither a name nor an address, or the port is bad.
Result<std::string> parse_private_host(std::string_view text);

// Whether one of `rules`, as parse_private_host gives them, names the server
// "scheme://host" or "scheme://host:port".
[[nodiscard]] bool names_server(const std::vector<std::string>& rules,
                                std::string_view server);

// The rule that names this server alone: "host:port".
[[nodiscard]] std::string rule_of(std::string_view server);

// Whether the server's name shows that it is at a private address: it is such
// an address, in any form that a url may have it in, or "localhost". A name
// whose address is private shows that only when it is looked up.
[[nodiscard]] bool is_at_private_address(std::string_view server);

}  // namespace omicsfs
