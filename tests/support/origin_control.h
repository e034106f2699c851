// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

#include "catalog/result.h"
#include "tests/support/gate.h"
#include "tests/support/http_request.h"
#include "tests/support/http_response.h"
#include "tests/support/object_store.h"
#include "tests/support/origin_fault.h"
#include "tests/support/request_log.h"

// Steering an origin over HTTP; the requests are those listed in origin.h.

namespace omicsfs {

inline constexpr std::string_view kControlPath = "/.control/";

// All that an origin's connections share; each part is thread-safe.
struct OriginState {
  explicit OriginState(std::filesystem::path root) : objects(std::move(root)) {}

  ObjectStore objects;
  FaultRules faults;
  RequestLog log;
  Pauses pauses;
  std::atomic<std::uint64_t> connections = 0;
};

// A rule from the fields of a query. Errors: kInvalid.
Result<Fault> parse_fault(const QueryFields& fields);

// Does what a request below kControlPath asks, and answers it.
[[nodiscard]] Response control_response(const HttpRequest& request,
                                        OriginState& state);

}  // namespace omicsfs
