// SPDX-License-Identifier: MIT
#include "fs/token_rule.h"

#include <algorithm>
#include <array>

#include "catalog/ascii_case.h"
#include "catalog/entry_name.h"
#include "catalog/source.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kTokenKeys = "server, header, scheme";

// What a request says of itself.
constexpr std::array<std::string_view, 11> kOwnHeaders = {
    "accept-encoding", "connection", "content-length",    "content-type",
    "expect",          "host",       "if-match",          "if-range",
    "range",           "te",         "transfer-encoding",
};

// RFC 9110 5.6.2
bool is_http_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
    return letter || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// Whether what is sent there is read by nobody else.
bool is_safe_server(const std::string& server) {
  constexpr std::string_view kPlain = "http://";
  if (!server.starts_with(kPlain)) {
    return true;
  }
  const std::string host = server.substr(kPlain.size());
  const std::size_t end =
      host.find(':', host.starts_with('[') ? host.find(']') : 0);
  const std::string name = host.substr(0, end);
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

// A url without a user and a path.
bool is_server_alone(std::string_view text) {
  if (!is_web_place(text)) {
    return false;
  }
  text.remove_prefix(text.find("://") + 3);
  text.remove_suffix(text.ends_with('/') ? 1 : 0);
  return text.find_first_of("/?#@") == std::string_view::npos;
}

Result<std::string> parse_token_server(const std::string& text) {
  if (!is_server_alone(text)) {
    return Error{ErrorCode::kInvalid, omicsfs::quoted(text) +
                                          " is no server: https://HOST or "
                                          "https://HOST:PORT is one"};
  }
  std::string server = web_server(text);
  if (!is_safe_server(server)) {
    return Error{ErrorCode::kInvalid,
                 "a token is sent by https only, and " + server + " has none"};
  }
  return server;
}

Result<std::string> parse_token_header(const std::string& text) {
  const std::string name = lower(text);
  const bool own = std::find(kOwnHeaders.begin(), kOwnHeaders.end(), name) !=
                   kOwnHeaders.end();
  return is_http_token(text) && !own
             ? Result<std::string>(text)
             : Error{ErrorCode::kInvalid,
                     omicsfs::quoted(text) + " is no header for a token"};
}

Result<std::string> parse_token_scheme(const std::string& text) {
  return text.empty() || is_http_token(text)
             ? Result<std::string>(text)
             : Error{ErrorCode::kInvalid,
                     omicsfs::quoted(text) + " is no scheme, as Bearer is"};
}

struct TokenMember {
  std::string_view key;
  Result<std::string> (*parse)(const std::string& text);
  std::string TokenRule::*place;
};
constexpr std::array<TokenMember, 3> kTokenMembers = {{
    {"server", parse_token_server, &TokenRule::server},
    {"header", parse_token_header, &TokenRule::header},
    {"scheme", parse_token_scheme, &TokenRule::scheme},
}};

Result<void> read_token_member(TokenRule& rule, const std::string& key,
                               const JsonValue& value) {
  const auto member =
      std::find_if(kTokenMembers.begin(), kTokenMembers.end(),
                   [&](const TokenMember& one) { return one.key == key; });
  if (member == kTokenMembers.end()) {
    return value.error(
        std::string("unknown key; known here: ").append(kTokenKeys));
  }
  const auto text = value.as_string();
  if (!text) {
    return text.error();
  }
  auto parsed = member->parse(*text);
  if (!parsed) {
    return value.error(parsed.error().message);
  }
  rule.*(member->place) = *std::move(parsed);
  return {};
}

}  // namespace

Result<TokenRule> parse_token_rule(const std::string& name,
                                   const JsonValue& value) {
  if (!is_token_name(name)) {
    return value.error(
        "a token's name is of lower case letters, digits and \"-\", and begins "
        "with a letter");
  }
  if (find_source(name)) {
    return value.error("a source has this name, and keeps a token by it");
  }
  const auto members = value.members();
  if (!members) {
    return members.error();
  }
  TokenRule rule;
  for (const auto& member : *members) {
    if (auto read = read_token_member(rule, member.first, member.second);
        !read) {
      return read.error();
    }
  }
  return rule.server.empty()
             ? value.error("it needs a \"server\", which alone is sent it")
             : Result<TokenRule>(std::move(rule));
}

std::string token_header(const TokenRule& rule, std::string_view secret) {
  return std::string(rule.header)
      .append(": ")
      .append(rule.scheme)
      .append(rule.scheme.empty() ? "" : " ")
      .append(secret);
}

TokenServers token_servers(const TokenRules& rules) {
  TokenServers servers;
  for (const auto& [name, rule] : rules) {
    servers.emplace(name, rule.server);
  }
  return servers;
}

}  // namespace omicsfs
