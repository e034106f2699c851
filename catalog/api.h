// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "catalog/result.h"

namespace omicsfs {

// One call of a provider's web API.
struct ApiRequest {
  std::string method;           // "GET", "POST", "PUT"
  std::string url;              // http(s)
  std::string body{};           // JSON
  std::string secret_header{};  // "Name: value"; see Request
};

struct ApiAnswer {
  int status = 0;
  std::string body;
};

// Makes a call, again where the server is busy (429, 5xx). Errors:
// kUnavailable, no answer, or busy for too long; kInterrupted; kInvalid, a bad
// url or an answer that is too large.
using AskApi = std::function<Result<ApiAnswer>(const ApiRequest& request)>;

}  // namespace omicsfs
