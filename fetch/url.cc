// SPDX-License-Identifier: MIT
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "fetch/resolve_url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kSchemeEnd = "://";

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

bool breaks_a_line(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f;
}

// A url cut where its parts meet; `authority` is what stands before the path.
struct UrlParts {
  std::string_view scheme;     // with "://"
  std::string_view authority;  // user:password@host:port
  std::string_view rest;       // from the path on
};

UrlParts split(std::string_view url) {
  const auto colon = url.find(kSchemeEnd);
  const auto begin =
      colon == std::string_view::npos ? 0 : colon + kSchemeEnd.size();
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  return {url.substr(0, begin), url.substr(begin, end - begin),
          url.substr(end)};
}

std::string_view without_user(std::string_view authority) {
  const auto at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

}  // namespace

bool is_http_url(std::string_view url) {
  const UrlParts parts = split(url);
  const std::string scheme = lower(parts.scheme);
  return (scheme == "http://" || scheme == "https://") &&
         !without_user(parts.authority).empty() &&
         std::none_of(url.begin(), url.end(), breaks_a_line);
}

std::string server_of(std::string_view url) {
  const UrlParts parts = split(url);
  return lower(parts.scheme) + lower(without_user(parts.authority));
}

std::string server_or_none(std::string_view url) {
  return is_http_url(url) || parse_resolve_url(url) ? server_of(url)
                                                    : std::string();
}

std::string printable_url(std::string_view url) {
  const UrlParts parts = split(url);
  const std::string_view path =
      parts.rest.substr(0, parts.rest.find_first_of("?#"));
  return fmt::format("{}{}{}", parts.scheme, without_user(parts.authority),
                     path);
}

std::string origin_text(const RemoteFile& file) {
  const RemoteFile& whole = file.member ? *file.member->archive : file;
  return whole.urls.empty() ? whole.local_path
                            : printable_url(whole.urls.front());
}

std::string describe_get(std::string_view url, std::optional<ByteRange> range) {
  if (!range || range->empty()) {
    return "GET " + printable_url(url);
  }
  return fmt::format("GET {} bytes={}-{}", printable_url(url), range->offset,
                     range->end() - 1);
}

}  // namespace omicsfs
