// SPDX-License-Identifier: MIT
#include "tests/support/origin_control.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace omicsfs {
namespace {

template <typename Number>
Result<Number> parse_number(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    return Error{ErrorCode::kInvalid, "\"" + text + "\" is not a number"};
  }
  return number;
}

// Stores the number in the field `name`, if the query has one.
template <typename Number>
Result<void> set_number(const QueryFields& fields, const std::string& name,
                        Number& place) {
  const auto found = fields.find(name);
  if (found == fields.end()) {
    return {};
  }
  const auto number = parse_number<Number>(found->second);
  if (!number) {
    return number.error().within(name);
  }
  place = *number;
  return {};
}

Result<void> set_numbers(const QueryFields& fields, Fault& fault) {
  std::int64_t pause_ms = 0;
  const Result<void> results[] = {
      set_number(fields, "skip", fault.skip),
      set_number(fields, "every", fault.every),
      set_number(fields, "count", fault.count),
      set_number(fields, "probability", fault.probability),
      set_number(fields, "seed", fault.seed),
      set_number(fields, "status", fault.status),
      set_number(fields, "bytes", fault.bytes),
      set_number(fields, "ms", pause_ms),
  };
  fault.pause = std::chrono::milliseconds(pause_ms);
  for (const Result<void>& result : results) {
    if (!result) {
      return result.error();
    }
  }
  return {};
}

Response done() { return text_response(200, "text/plain", "done\n"); }

Response refused(int status, const std::string& why) {
  return text_response(status, "text/plain", why + "\n");
}

Response add_fault(const HttpRequest& request, OriginState& state) {
  const auto fields = parse_query(request.query);
  if (!fields) {
    return refused(400, fields.error().message);
  }
  const auto fault = parse_fault(*fields);
  if (!fault) {
    return refused(400, fault.error().message);
  }
  state.faults.add(*fault);
  return done();
}

Response show_log(const HttpRequest& /*request*/, OriginState& state) {
  std::string lines;
  for (const RequestRecord& record : state.log.records()) {
    lines += to_line(record);
  }
  return text_response(200, "text/plain", std::move(lines));
}

Response show_stats(const HttpRequest& /*request*/, OriginState& state) {
  const RequestCounts counts = state.log.counts();
  return text_response(
      200, "text/plain",
      fmt::format("requests {}\nbytes_sent {}\nin_flight {}\n"
                  "peak_in_flight {}\nconnections {}\n",
                  counts.requests, counts.bytes_sent, counts.in_flight,
                  counts.peak_in_flight, state.connections.load()));
}

Response clear_faults(const HttpRequest& /*request*/, OriginState& state) {
  state.faults.clear();
  return done();
}

Response release(const HttpRequest& /*request*/, OriginState& state) {
  state.pauses.release();
  return done();
}

Response clear_log(const HttpRequest& /*request*/, OriginState& state) {
  state.log.clear();
  return done();
}

struct Action {
  std::string_view name;
  Response (*act)(const HttpRequest&, OriginState&);
};

constexpr std::array<Action, 6> kActions = {{
    {"POST faults", add_fault},
    {"POST clear", clear_faults},
    {"POST release", release},
    {"POST log/clear", clear_log},
    {"GET log", show_log},
    {"GET stats", show_stats},
}};

}  // namespace

Result<Fault> parse_fault(const QueryFields& fields) {
  Fault fault;
  const auto kind = parse_fault_kind(query_field(fields, "what"));
  if (!kind) {
    return kind.error();
  }
  fault.kind = *kind;
  fault.glob = query_field(fields, "glob", "*");
  fault.header = query_field(fields, "header");
  fault.url = query_field(fields, "url");
  const auto numbers = set_numbers(fields, fault);
  if (!numbers) {
    return numbers.error();
  }
  return fault;
}

Response control_response(const HttpRequest& request, OriginState& state) {
  const std::string name =
      request.method + " " + request.path.substr(kControlPath.size());
  const auto* found =
      std::find_if(kActions.begin(), kActions.end(),
                   [&](const Action& action) { return action.name == name; });
  return found == kActions.end() ? refused(404, "no such control: " + name)
                                 : found->act(request, state);
}

}  // namespace omicsfs
