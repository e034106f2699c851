// SPDX-License-Identifier: MIT
#include "fetch/resolve_url.h"

#include <algorithm>

#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kPrefix = "resolve:";

}  // namespace

std::optional<ResolveUrl> parse_resolve_url(std::string_view url) {
  if (!url.starts_with(kPrefix)) {
    return std::nullopt;
  }
  url.remove_prefix(kPrefix.size());
  const std::size_t hash = url.find('#');
  if (hash == std::string_view::npos || !is_http_url(url.substr(0, hash))) {
    return std::nullopt;
  }
  ResolveUrl parsed{std::string(url.substr(0, hash)), {}};
  for (std::string_view rest = url.substr(hash + 1);;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (dot == 0) {
      return std::nullopt;
    }
    parsed.field.emplace_back(rest.substr(0, dot));
    if (dot == rest.size()) {
      return parsed;
    }
    rest.remove_prefix(dot + 1);
  }
}

std::string resolve_url(std::string_view api_url, std::string_view field) {
  return std::string(kPrefix) + std::string(api_url) + "#" + std::string(field);
}

}  // namespace omicsfs
