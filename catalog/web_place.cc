// SPDX-License-Identifier: MIT
#include "catalog/web_place.h"

#include <algorithm>

#include "catalog/ascii_case.h"
#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
// Those of RFC 3986 3.3 that a key may have as they are.
constexpr std::string_view kKeptInPaths = "/!$&'()*,;=:@";

bool is_ascii_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

// Without the query and the fragment.
std::string_view before_query(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

// What stands behind "://".
std::string_view behind_scheme(std::string_view url) {
  const std::size_t at = url.find("://");
  return at == std::string_view::npos ? url : url.substr(at + 3);
}

std::string decoded(std::string_view text) {
  return percent_decode(text, PlusSign::kItself).value_or(std::string(text));
}

// The public address of an object in a bucket of Amazon S3 or of Google Cloud
// Storage. A name with dots is none of a host that a certificate covers.
Result<std::string> bucket_url(std::string_view url,
                               const Endpoints& endpoints) {
  const bool amazon = lower(url.substr(0, 2)) == "s3";
  const std::string_view rest = behind_scheme(url);
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  const bool named = bucket.find_first_not_of('.') != std::string_view::npos &&
                     std::all_of(bucket.begin(), bucket.end(), [](char c) {
                       return is_ascii_letter(c) || is_ascii_digit(c) ||
                              c == '-' || c == '.' || c == '_';
                     });
  if (!named || bucket.size() == rest.size()) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(url) + " names no object of a bucket"};
  }
  const std::string key =
      percent_encode(rest.substr(bucket.size() + 1), kKeptInPaths);
  const std::string name(bucket);
  if (!amazon) {
    return "https://storage.googleapis.com/" + name + "/" + key;
  }
  if (!endpoints.s3.empty()) {
    return endpoints.s3 + name + "/" + key;
  }
  return name.find_first_of("._") == std::string::npos
             ? "https://" + name + ".s3.amazonaws.com/" + key
             : "https://s3.amazonaws.com/" + name + "/" + key;
}

// Before the host stands who asks, perhaps with a password.
std::string without_user(std::string_view url) {
  const std::size_t begin = url.find("//");
  const std::size_t end =
      begin == std::string_view::npos ? begin : url.find('/', begin + 2);
  const std::size_t at = url.substr(0, end).rfind('@');
  if (begin == std::string_view::npos || at == std::string_view::npos) {
    return std::string(url);
  }
  return std::string(url.substr(0, begin + 2)).append(url.substr(at + 1));
}

}  // namespace

bool is_web_place(std::string_view place) {
  const std::string start = lower(place.substr(0, kHttps.size()));
  const std::size_t scheme = start == kHttps            ? kHttps.size()
                             : start.starts_with(kHttp) ? kHttp.size()
                                                        : 0;
  return scheme != 0 && place.size() > scheme &&
         std::string_view("/?#:@").find(place[scheme]) ==
             std::string_view::npos &&
         std::all_of(place.begin(), place.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
         });
}

Error no_web_place(std::string_view url) {
  const std::string told = omicsfs::quoted(without_user(before_query(url)));
  const std::string start = lower(url.substr(0, kHttps.size()));
  if (start != kHttps && !start.starts_with(kHttp)) {
    return {ErrorCode::kInvalid, told + " is no url of http, https, s3 or gs"};
  }
  const bool has_blank = std::any_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
  });
  return {ErrorCode::kInvalid,
          told + (has_blank ? " has a blank or a control character: write %20 "
                              "in place of a blank"
                            : " names no server")};
}

bool has_scheme(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         is_ascii_letter(text[0]) &&
         std::all_of(text.begin(),
                     text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) {
                       return is_ascii_letter(c) || is_ascii_digit(c) ||
                              c == '+' || c == '-' || c == '.';
                     });
}

Result<std::string> web_url(std::string_view url, const Endpoints& endpoints) {
  if (is_web_place(url)) {
    return std::string(url);
  }
  const std::string start = lower(url.substr(0, 5));
  if (start == "s3://" || start == "gs://") {
    return bucket_url(url, endpoints);
  }
  return no_web_place(url);
}

std::string web_server(std::string_view url) {
  std::string_view authority = behind_scheme(url);
  const std::string scheme =
      lower(url.substr(0, url.size() - authority.size()));
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  authority.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
  const std::string_view usual = scheme == kHttps ? ":443" : ":80";
  authority.remove_suffix(authority.ends_with(usual) ? usual.size() : 0);
  return scheme + lower(authority);
}

std::string folder_of(std::string_view place) {
  const std::string_view bare =
      is_web_place(place) ? before_query(place) : place;
  const std::size_t slash = bare.rfind('/');
  const std::size_t least = bare.size() - behind_scheme(bare).size();
  if (slash == std::string_view::npos || slash < least) {
    return std::string(bare) + "/";
  }
  return std::string(bare.substr(0, slash + 1));
}

std::string url_name(std::string_view url) {
  const std::string_view path = behind_scheme(before_query(url));
  return path.find('/') == std::string_view::npos
             ? ""
             : decoded(last_entry_name(path));
}

std::string url_path(std::string_view url) {
  std::string_view path = behind_scheme(before_query(url));
  const std::string_view host = path.substr(0, path.find('/'));
  const std::size_t at = host.rfind('@');
  path.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
  return decoded(path);
}

std::optional<std::string> query_value(std::string_view url,
                                       std::string_view name) {
  const std::size_t question = url.find('?');
  std::string_view rest = question == std::string_view::npos
                              ? std::string_view()
                              : url.substr(question + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    if (pair.size() > name.size() && pair.starts_with(name) &&
        pair[name.size()] == '=') {
      return percent_decode(pair.substr(name.size() + 1), PlusSign::kSpace);
    }
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  return std::nullopt;
}

}  // namespace omicsfs
