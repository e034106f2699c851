// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fetch/byte_range.h"
#include "tests/support/http_request.h"
#include "tests/support/object_store.h"

// What the test origin is going to send. Pure.

namespace omicsfs {

// A place in a response where nothing is sent for a while. 0: until released.
struct Pause {
  std::chrono::milliseconds length{0};
};

inline constexpr std::string_view kXml = "application/xml";

using BodyPiece = std::variant<FilePiece, TextPiece, Pause>;
using Body = std::vector<BodyPiece>;

[[nodiscard]] Body body_of(const Content& content);
[[nodiscard]] std::uint64_t size_of(const Body& body);
// The part of `body` at `range`, as far as there is any; its pauses are lost.
[[nodiscard]] Body slice(const Body& body, ByteRange range);
[[nodiscard]] Body join(Body first, const Body& second);

enum class Ending { kAsAsked, kClose, kReset, kUnanswered };

struct Response {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::uint64_t content_length = 0;  // as claimed
  Body body;
  std::optional<Pause> before_head;
  std::uint64_t rate = 0;  // bytes/s of body; 0: no limit
  Ending ending = Ending::kAsAsked;
};

[[nodiscard]] Response text_response(int status, std::string_view type,
                                     std::string text);
// The first line and headers, with the blank line.
[[nodiscard]] std::string head_of(const Response& response);

// Answers a GET or HEAD of `object` as RFC 9110 has it (13.2.2, 14.2): 200,
// 206, 304, 412 or 416.
[[nodiscard]] Response object_response(const HttpRequest& request,
                                       const ServedObject& object);

enum class RangeVerdict { kWhole, kPart, kUnsatisfiable };
struct RangeAnswer {
  RangeVerdict verdict = RangeVerdict::kWhole;
  ByteRange range;

  bool operator==(const RangeAnswer&) const = default;
};
// What a Range header of a file of `size` bytes asks for. One that is
// malformed, or names several ranges, asks for the whole file.
[[nodiscard]] RangeAnswer answer_range(std::string_view header,
                                       std::uint64_t size);

}  // namespace omicsfs
