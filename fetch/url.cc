// SPDX-License-Identifier: MIT
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "catalog/ascii_case.h"
#include "catalog/marked_url.h"

namespace omicsfs {
namespace {

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

// "a/b" of "a/b?c#d": what stands before the query and the fragment.
std::string_view path_of(std::string_view rest) {
  return rest.substr(0, rest.find_first_of("?#"));
}

// RFC 3986 3.1
bool has_scheme(std::string_view reference) {
  const std::string_view name =
      reference.substr(0, reference.find_first_of(":/?#"));
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto fits = [&](char c) {
    return is_letter(lower(c)) || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  };
  return reference.size() > name.size() && reference[name.size()] == ':' &&
         !name.empty() && is_letter(lower(name.front())) &&
         std::all_of(name.begin(), name.end(), fits);
}

// RFC 3986 5.2.4, of a path that begins with a slash.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_dots = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_in_dots = segment == "." || segment == "..";
    if (!ends_in_dots) {
      kept.push_back(segment);
    } else if (segment == ".." && !kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    out += segment;
  }
  return ends_in_dots || out.empty() ? out + "/" : out;
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
  return is_http_url(url) || parse_marked_url(url) ? server_of(url)
                                                   : std::string();
}

std::string resolved_reference(std::string_view base,
                               std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  const UrlParts parts = split(base);
  if (has_scheme(reference)) {
    return std::string(reference);
  }
  if (reference.starts_with("//")) {
    return fmt::format("{}{}", parts.scheme, reference.substr(2));
  }
  const std::string_view base_path = path_of(parts.rest);
  std::string path(path_of(reference));
  const std::string_view query = reference.substr(path.size());
  if (path.empty()) {
    const std::string_view kept =
        query.empty() ? parts.rest.substr(0, parts.rest.find('#')) : base_path;
    return fmt::format("{}{}{}{}", parts.scheme, parts.authority, kept, query);
  }
  if (path.front() != '/') {
    const std::string_view folder =
        base_path.substr(0, base_path.rfind('/') + 1);
    path = fmt::format("{}{}", folder.empty() ? "/" : folder, path);
  }
  return fmt::format("{}{}{}{}", parts.scheme, parts.authority,
                     without_dots(path), query);
}

std::string printable_url(std::string_view url) {
  const UrlParts parts = split(plain_url(url));
  return fmt::format("{}{}{}", parts.scheme, without_user(parts.authority),
                     path_of(parts.rest));
}

std::string origin_text(const RemoteFile& file) {
  const RemoteFile& array = file.columns ? *file.columns->array : file;
  const RemoteFile& whole = array.member ? *array.member->archive : array;
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
