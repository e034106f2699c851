// SPDX-License-Identifier: MIT
#include "catalog/token_servers.h"

#include <fmt/format.h>

#include "catalog/web_place.h"

namespace omicsfs {

Result<void> check_token(const MarkedUrl& address,
                         const TokenServers& servers) {
  if (address.kind != MarkedUrl::Kind::kToken) {
    return {};
  }
  const auto known = servers.find(address.token);
  if (known == servers.end()) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("the settings have no token \"{0}\": "
                             "tokens.{0}.server is to name its server",
                             address.token)};
  }
  const std::string server = web_server(address.url);
  return server == known->second
             ? Result<void>()
             : Error{ErrorCode::kInvalid,
                     fmt::format("the token \"{}\" is for {} alone by the "
                                 "settings, and not for {}",
                                 address.token, known->second, server)};
}

Result<void> check_tokens(const std::vector<std::string>& urls,
                          const TokenServers& servers) {
  for (const std::string& url : urls) {
    const auto marked = parse_marked_url(url);
    auto checked = marked ? check_token(*marked, servers) : Result<void>();
    if (!checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace omicsfs
