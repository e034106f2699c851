// SPDX-License-Identifier: MIT
#include "tests/support/http_request.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

Error malformed(const std::string& what) {
  return {ErrorCode::kInvalid, "malformed request: " + what};
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The text before `mark`; `text` is left with what follows it.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const std::size_t end = text.find(mark);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size()
                                                   : end + mark.size());
  return taken;
}

Result<void> parse_request_line(std::string_view line, HttpRequest& request) {
  request.method = take_until(line, " ");
  std::string_view target = take_until(line, " ");
  if (request.method.empty() || !target.starts_with('/') ||
      !line.starts_with("HTTP/1.")) {
    return malformed("its first line");
  }
  request.keep_alive = line != "HTTP/1.0";
  auto path = percent_decode(take_until(target, "?"), PlusSign::kItself);
  if (!path) {
    return malformed("a % without two hex digits");
  }
  request.path = *std::move(path);
  request.query = target;
  return {};
}

}  // namespace

std::string HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

Result<HttpRequest> parse_http_request(std::string_view head) {
  HttpRequest request;
  const auto first = parse_request_line(take_until(head, "\r\n"), request);
  if (!first) {
    return first.error();
  }
  while (!head.empty()) {
    std::string_view line = take_until(head, "\r\n");
    const std::string name = lower(take_until(line, ":"));
    request.headers[name] = trim(line);
  }
  if (lower(request.header("connection")) == "close") {
    request.keep_alive = false;
  }
  return request;
}

Result<QueryFields> parse_query(std::string_view query) {
  QueryFields fields;
  while (!query.empty()) {
    std::string_view value = take_until(query, "&");
    auto name = percent_decode(take_until(value, "="), PlusSign::kSpace);
    auto decoded = percent_decode(value, PlusSign::kSpace);
    if (!name || !decoded) {
      return malformed("its query");
    }
    fields.emplace(*std::move(name), *std::move(decoded));
  }
  return fields;
}

std::string query_field(const QueryFields& fields, const std::string& name,
                        std::string_view otherwise) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string(otherwise) : found->second;
}

}  // namespace omicsfs
