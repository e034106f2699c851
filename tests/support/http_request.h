// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "catalog/result.h"

// What a client asks, as the test origin reads it. Pure.

namespace omicsfs {

struct HttpRequest {
  std::string method;
  std::string path;                            // percent-decoded
  std::string query;                           // as sent, without the "?"
  std::map<std::string, std::string> headers;  // names in lower case
  bool keep_alive = true;

  // The header's value, "" where it is absent. `name` in lower case.
  [[nodiscard]] std::string header(const std::string& name) const;
};

// `head` is a request's first line and headers, up to the blank line.
// Errors: kInvalid.
Result<HttpRequest> parse_http_request(std::string_view head);

using QueryFields = std::multimap<std::string, std::string>;

// "a=1&b=x+y" as fields. Errors: kInvalid.
Result<QueryFields> parse_query(std::string_view query);

// The first field of that name, or `otherwise`.
[[nodiscard]] std::string query_field(const QueryFields& fields,
                                      const std::string& name,
                                      std::string_view otherwise = "");

}  // namespace omicsfs
