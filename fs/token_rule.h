// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "catalog/json_fields.h"
#include "catalog/result.h"
#include "catalog/token_servers.h"

namespace omicsfs {

// How a token that manifests name is sent, and to whom: all but the secret,
// which no settings file holds.
struct TokenRule {
  std::string server;  // the only one that it is sent to (web_server)
  std::string header = "Authorization";
  std::string scheme = "Bearer";  // before the secret; "" = nothing

  bool operator==(const TokenRule&) const = default;
};

// By name.
using TokenRules = std::map<std::string, TokenRule, std::less<>>;

// The rule that a member of "tokens" states. Pure. Errors: kInvalid, naming the
// place: a name that is none or a source's; no server; one that is not reached
// by https, but for this machine; a header that is none, or that requests have
// anyway; an unknown key.
Result<TokenRule> parse_token_rule(const std::string& name,
                                   const JsonValue& value);

// "Authorization: Bearer <secret>".
[[nodiscard]] std::string token_header(const TokenRule& rule,
                                       std::string_view secret);

// The servers of `rules`, for those who must not know more.
[[nodiscard]] TokenServers token_servers(const TokenRules& rules);

}  // namespace omicsfs
