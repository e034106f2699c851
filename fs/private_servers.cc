// SPDX-License-Identifier: MIT
#include "fs/private_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "fetch/private_hosts.h"
#include "fs/network_options.h"

namespace omicsfs {
bool proxy_decides() {
  const char* none = std::getenv("no_proxy");
  if (none != nullptr && std::string_view(none) == "*") {
    return false;
  }
  constexpr const char* kVariables[] = {
      "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  return std::any_of(std::begin(kVariables), std::end(kVariables),
                     [](const char* name) {
                       const char* value = std::getenv(name);
                       return value != nullptr && *value != '\0';
                     });
}

std::vector<std::string> private_server_warnings(
    const std::vector<std::string>& servers, const Settings& settings) {
  std::vector<std::string> warnings;
  // Each server that a setting names is a rule of its own.
  std::vector<std::string> allowed = settings.network.private_hosts;
  for (const std::string& server : named_servers(settings)) {
    allowed.push_back(rule_of(server));
  }
  for (const std::string& server : servers) {
    if (is_at_private_address(server) && !names_server(allowed, server)) {
      warnings.push_back(fmt::format(
          "files at {} cannot be read: it is a private address. If you trust "
          "it, add \"{}\" to network.private_hosts in the settings",
          server, rule_of(server)));
    }
  }
  return warnings;
}

std::vector<std::string> servers_of(const Snapshot& snapshot) {
  const auto text = snapshot.property("servers");
  std::vector<std::string> servers;
  std::istringstream lines(text && *text ? **text : "");
  for (std::string line; std::getline(lines, line);) {
    servers.push_back(line);
  }
  return servers;
}

void warn_of_private_servers(std::string_view source, std::string_view shown,
                             const Settings& settings) {
  const auto path = current_snapshot(settings.state_dir, source);
  const auto snapshot =
      path ? Snapshot::open(*path)
           : Result<std::shared_ptr<const Snapshot>>(path.error());
  if (!snapshot || proxy_decides()) {
    return;  // whoever needs the snapshot says why it is missing
  }
  for (const std::string& warning :
       private_server_warnings(servers_of(**snapshot), settings)) {
    fmt::print(stderr, "omicsfs: {}: warning: {}\n", shown, warning);
  }
}

}  // namespace omicsfs
