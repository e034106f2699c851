// SPDX-License-Identifier: MIT
#include "fetch/resolve_url.h"

#include <algorithm>

#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kPrefix = "resolve:";
constexpr std::string_view kRedirectPrefix = "redirect:";

std::optional<ResolveUrl> parse_redirect(std::string_view api_url) {
  const bool plain = api_url.find('#') == std::string_view::npos;
  return plain && is_http_url(api_url)
             ? std::optional(ResolveUrl{std::string(api_url), {}})
             : std::nullopt;
}

}  // namespace

std::optional<ResolveUrl> parse_resolve_url(std::string_view url) {
  if (url.starts_with(kRedirectPrefix)) {
    return parse_redirect(url.substr(kRedirectPrefix.size()));
  }
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

std::string redirect_url(std::string_view api_url) {
  return std::string(kRedirectPrefix) + std::string(api_url);
}

}  // namespace omicsfs
