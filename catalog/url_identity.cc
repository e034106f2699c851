// SPDX-License-Identifier: MIT
#include "catalog/url_identity.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "catalog/ascii_case.h"
#include "catalog/marked_url.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

// The parameters of one kind of signature, in lower case.
struct SignatureKind {
  // A url is so signed if it has both of these.
  std::string_view signature;
  std::string_view proof;
  // Besides those two: names, and what all further names begin with.
  std::span<const std::string_view> names;
  std::string_view prefix;
};

constexpr std::array<std::string_view, 3> kAmazonV2{"expires", "policy",
                                                    "hash-algorithm"};
constexpr std::array<std::string_view, 1> kPlainExpiry{"expires"};
constexpr std::array<std::string_view, 22> kAzure{
    "sv",    "ss",    "srt",   "sp",    "se",  "st",     "spr", "sip",
    "sr",    "si",    "skoid", "sktid", "skt", "ske",    "sks", "skv",
    "saoid", "suoid", "scid",  "sdd",   "ses", "skdutid"};

constexpr std::array<SignatureKind, 8> kSignatures{{
    {"x-amz-signature", "x-amz-credential", {}, "x-amz-"},
    {"signature", "awsaccesskeyid", kAmazonV2, "x-amz-"},
    {"signature", "key-pair-id", kAmazonV2, "x-amz-"},
    {"x-goog-signature", "x-goog-credential", {}, "x-goog-"},
    {"signature", "googleaccessid", kPlainExpiry, "x-goog-"},
    {"signature", "ossaccesskeyid", kPlainExpiry, "x-oss-"},
    {"q-signature", "q-ak", {}, "q-"},
    {"sig", "sv", kAzure, ""},
}};

std::vector<std::string_view> parameters_of(std::string_view query) {
  std::vector<std::string_view> parameters;
  for (;;) {
    const std::size_t end = query.find('&');
    parameters.push_back(query.substr(0, end));
    if (end == std::string_view::npos) {
      return parameters;
    }
    query.remove_prefix(end + 1);
  }
}

std::string name_of(std::string_view parameter) {
  return lower(parameter.substr(0, parameter.find('=')));
}

bool has_parameter(const std::vector<std::string_view>& parameters,
                   std::string_view name) {
  return std::any_of(parameters.begin(), parameters.end(),
                     [name](std::string_view parameter) {
                       return name_of(parameter) == name;
                     });
}

bool belongs_to(const SignatureKind& kind, const std::string& name) {
  return name == kind.signature || name == kind.proof ||
         (!kind.prefix.empty() && name.starts_with(kind.prefix)) ||
         std::find(kind.names.begin(), kind.names.end(), name) !=
             kind.names.end();
}

// Without the parameters of every signature that it has.
std::string unsigned_query(std::string_view query) {
  std::vector<std::string_view> kept = parameters_of(query);
  const std::vector<std::string_view> all = kept;
  for (const SignatureKind& kind : kSignatures) {
    if (has_parameter(all, kind.signature) && has_parameter(all, kind.proof)) {
      std::erase_if(kept, [&kind](std::string_view parameter) {
        return belongs_to(kind, name_of(parameter));
      });
    }
  }
  std::string text;
  for (const std::string_view parameter : kept) {
    text += (text.empty() ? "?" : "&") + std::string(parameter);
  }
  return kept.size() == all.size() ? "?" + std::string(query) : text;
}

// Servers on which many publish, and by how many names of the path one is told
// from another.
struct SharedServer {
  std::string_view host;
  int names;
};
constexpr std::array<SharedServer, 8> kSharedServers{{
    {"storage.googleapis.com", 1},
    {"storage.cloud.google.com", 1},
    {"huggingface.co", 2},
    {"github.com", 2},
    {"raw.githubusercontent.com", 2},
    {"gitlab.com", 2},
    {"zenodo.org", 3},
    {"figshare.com", 3},
}};

// A bucket of Amazon's in the path: s3.amazonaws.com/bucket,
// s3.us-west-2.amazonaws.com/bucket, s3-us-west-2.amazonaws.com/bucket.
bool has_buckets(std::string_view host) {
  return (host.starts_with("s3.") || host.starts_with("s3-")) &&
         (host.ends_with(".amazonaws.com") ||
          host.ends_with(".amazonaws.com.cn"));
}

int names_of_publisher(std::string_view host) {
  if (has_buckets(host)) {
    return 1;
  }
  const auto* const shared = std::find_if(
      kSharedServers.begin(), kSharedServers.end(),
      [host](const SharedServer& server) {
        return host == server.host || host == "www." + std::string(server.host);
      });
  return shared == kSharedServers.end() ? 0 : shared->names;
}

// Names that whoever sends the request may resolve.
bool has_dot_names(std::string_view path) {
  const std::string whole = std::string(path) + "/";
  return whole.find("/./") != std::string::npos ||
         whole.find("/../") != std::string::npos;
}

}  // namespace

std::string object_url(std::string_view url) {
  const std::size_t fragment = std::min(url.find('#'), url.size());
  const std::size_t query = url.substr(0, fragment).find('?');
  if (query == std::string_view::npos) {
    return std::string(url);
  }
  return std::string(url.substr(0, query)) +
         unsigned_query(url.substr(query + 1, fragment - query - 1)) +
         std::string(url.substr(fragment));
}

std::string publisher_of(std::string_view url) {
  const std::string_view plain = plain_url(url);
  if (!is_web_place(plain)) {
    return std::string(plain);
  }
  std::string publisher = web_server(plain);
  const std::string_view host =
      std::string_view(publisher).substr(publisher.find("://") + 3);
  int names = names_of_publisher(host.substr(0, host.find(':')));
  std::string path = url_path(plain);
  path.erase(0, std::min(path.find('/'), path.size()));
  if (names > 0 && has_dot_names(path)) {
    return std::string(plain);  // it may lead anywhere
  }
  std::size_t end = 0;
  for (; names > 0 && end < path.size(); --names) {
    end = std::min(path.find('/', end + 1), path.size());
  }
  return publisher + path.substr(0, end);
}

std::vector<std::string> publishers_of(const std::vector<std::string>& urls) {
  std::vector<std::string> publishers;
  publishers.reserve(urls.size());
  std::transform(urls.begin(), urls.end(), std::back_inserter(publishers),
                 [](const std::string& url) { return publisher_of(url); });
  std::sort(publishers.begin(), publishers.end());
  publishers.erase(std::unique(publishers.begin(), publishers.end()),
                   publishers.end());
  return publishers;
}

}  // namespace omicsfs
