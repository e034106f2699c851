// SPDX-License-Identifier: MIT
#include "fetch/rate_rules.h"

#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kWww = "www.";

std::string_view without_www(std::string_view host) {
  return host.starts_with(kWww) ? host.substr(kWww.size()) : host;
}

// "h" of "h:80", "[::1]" of "[::1]:80".
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool is_port = colon != std::string_view::npos &&
                       host.find(']', colon) == std::string_view::npos;
  return is_port ? host.substr(0, colon) : host;
}

}  // namespace

Result<std::string> RateRules::rule_name(std::string_view text) {
  const std::string url = "http://" + std::string(text);
  const bool plain = text.find_first_of("/?#@\\\"") == std::string_view::npos;
  if (!plain || !is_http_url(url) || without_port(text).empty()) {
    return Error{ErrorCode::kInvalid,
                 "this is neither a host nor a host and its port"};
  }
  const std::string server = server_of(url);
  return std::string(without_www(std::string_view(server).substr(
      server.find(kSchemeEnd) + kSchemeEnd.size())));
}

std::optional<RateRules::Rule> RateRules::find(std::string_view server) const {
  const std::size_t scheme = server.find(kSchemeEnd);
  if (scheme == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view host =
      without_www(server.substr(scheme + kSchemeEnd.size()));
  for (const std::string_view name : {host, without_port(host)}) {
    const auto found = per_second_.find(name);
    if (found != per_second_.end()) {
      return found->second > 0
                 ? std::optional(Rule{found->first, found->second})
                 : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace omicsfs
