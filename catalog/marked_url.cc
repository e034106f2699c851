// SPDX-License-Identifier: MIT
#include "catalog/marked_url.h"

#include <algorithm>

#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kResolveMark = "resolve:";
constexpr std::string_view kRedirectMark = "redirect:";
constexpr std::string_view kTokenMark = "token:";
constexpr std::size_t kMaxTokenName = 64;

bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }

// `text` less the prefix that it must begin with.
std::optional<std::string_view> behind(std::string_view prefix,
                                       std::string_view text) {
  return text.starts_with(prefix) ? std::optional(text.substr(prefix.size()))
                                  : std::nullopt;
}

bool is_whole(std::string_view url) {
  return is_web_place(url) && url.find('#') == std::string_view::npos;
}

// The keys of "a.b"; none where one is empty.
std::vector<std::string> field_keys(std::string_view field) {
  std::vector<std::string> keys;
  while (true) {
    const std::size_t dot = std::min(field.find('.'), field.size());
    if (dot == 0) {
      return {};
    }
    keys.emplace_back(field.substr(0, dot));
    if (dot == field.size()) {
      return keys;
    }
    field.remove_prefix(dot + 1);
  }
}

std::optional<MarkedUrl> parse_resolved(std::string_view rest) {
  const std::size_t hash = std::min(rest.find('#'), rest.size());
  const std::string_view url = rest.substr(0, hash);
  auto field = hash == rest.size() ? std::vector<std::string>()
                                   : field_keys(rest.substr(hash + 1));
  if (!is_web_place(url) || field.empty()) {
    return std::nullopt;
  }
  return MarkedUrl{MarkedUrl::Kind::kResolve, std::string(url),
                   std::move(field)};
}

std::optional<MarkedUrl> parse_with_token(std::string_view rest) {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view name = rest.substr(0, colon);
  const std::string_view url = rest.substr(std::min(colon + 1, rest.size()));
  if (!is_token_name(name) || !is_whole(url)) {
    return std::nullopt;
  }
  return MarkedUrl{
      MarkedUrl::Kind::kToken, std::string(url), {}, std::string(name)};
}

}  // namespace

std::optional<MarkedUrl> parse_marked_url(std::string_view text) {
  if (const auto rest = behind(kResolveMark, text)) {
    return parse_resolved(*rest);
  }
  if (const auto rest = behind(kTokenMark, text)) {
    return parse_with_token(*rest);
  }
  const auto rest = behind(kRedirectMark, text);
  return rest && is_whole(*rest)
             ? std::optional(
                   MarkedUrl{MarkedUrl::Kind::kRedirect, std::string(*rest)})
             : std::nullopt;
}

std::string resolve_url(std::string_view url, std::string_view field) {
  return std::string(kResolveMark).append(url).append("#").append(field);
}

std::string redirect_url(std::string_view url) {
  return std::string(kRedirectMark).append(url);
}

std::string token_url(std::string_view name, std::string_view url) {
  return std::string(kTokenMark).append(name).append(":").append(url);
}

std::string_view plain_url(std::string_view text) {
  const auto marked = parse_marked_url(text);
  if (!marked) {
    return text;
  }
  // It ends with the text, or where the field begins.
  const std::size_t end = std::min(text.find('#'), text.size());
  return text.substr(end - marked->url.size(), marked->url.size());
}

bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTokenName &&
         is_lower_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_lower_letter(c) || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace omicsfs
