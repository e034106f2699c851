// SPDX-License-Identifier: MIT
#include "tests/support/http_response.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "tests/support/object_listing.h"

namespace omicsfs {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr std::array<Reason, 12> kReasons = {{
    {200, "OK"},
    {206, "Partial Content"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {412, "Precondition Failed"},
    {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},
    {503, "Service Unavailable"},
}};

std::string_view reason_of(int status) {
  const auto* found = std::find_if(
      kReasons.begin(), kReasons.end(),
      [&](const Reason& reason) { return reason.status == status; });
  return found == kReasons.end() ? "Unnamed" : found->phrase;
}

// RFC 9110 5.6.7; fmt's names of days and months are English in any locale.
std::string http_date(std::time_t time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(time));
}

// All digits, saturating; empty for anything else.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || text.empty() || error == std::errc::invalid_argument) {
    return std::nullopt;
  }
  return error == std::errc() ? value : UINT64_MAX;
}

RangeAnswer answer_suffix(std::string_view digits, std::uint64_t size) {
  const auto wanted = parse_position(digits);
  if (!wanted) {
    return {RangeVerdict::kWhole, {0, size}};
  }
  const std::uint64_t length = std::min(*wanted, size);
  if (length == 0) {
    return {RangeVerdict::kUnsatisfiable, {}};
  }
  return {RangeVerdict::kPart, {size - length, length}};
}

// Whether a list of ETags as in If-Match holds `etag`, or is "*".
bool lists(std::string_view header, const std::string& etag) {
  if (header == "*") {
    return true;
  }
  const std::size_t at = etag.empty() ? header.npos : header.find(etag);
  return at != header.npos && !header.substr(0, at).ends_with("W/");
}

// The 412 or 304 that the request's conditions call for, if any.
std::optional<Response> failed_condition(const HttpRequest& request,
                                         const ServedObject& object) {
  const std::string if_match = request.header("if-match");
  if (!if_match.empty() && !lists(if_match, object.etag)) {
    return text_response(412, kXml,
                         s3_error("PreconditionFailed",
                                  "A pre-condition did not hold: If-Match"));
  }
  const std::string if_none_match = request.header("if-none-match");
  if (!if_none_match.empty() && lists(if_none_match, object.etag)) {
    Response response;
    response.status = 304;
    return response;
  }
  return std::nullopt;
}

std::string wanted_range(const HttpRequest& request,
                         const ServedObject& object) {
  const std::string if_range = request.header("if-range");
  const bool applies = if_range.empty() || if_range == object.etag ||
                       if_range == http_date(object.modified);
  return applies ? request.header("range") : "";
}

Response unsatisfiable(std::uint64_t size) {
  Response response = text_response(
      416, kXml, s3_error("InvalidRange", "The range is not satisfiable"));
  response.headers["Content-Range"] = fmt::format("bytes */{}", size);
  return response;
}

Response part_response(const ServedObject& object, const RangeAnswer& answer) {
  const ByteRange range = answer.range;
  Response response;
  response.body = body_of(slice(object.content, range));
  response.content_length = range.length;
  if (answer.verdict == RangeVerdict::kPart) {
    response.status = 206;
    response.headers["Content-Range"] =
        fmt::format("bytes {}-{}/{}", range.offset, range.end() - 1,
                    size_of(object.content));
  }
  return response;
}

// The piece's part at `range`, which counts from the piece's beginning.
template <typename Piece>
BodyPiece cut(Piece piece, ByteRange range) {
  piece.range = {piece.range.offset + range.offset, range.length};
  return piece;
}

std::uint64_t size_of_piece(const BodyPiece& piece) {
  if (const auto* file = std::get_if<FilePiece>(&piece)) {
    return file->range.length;
  }
  const auto* text = std::get_if<TextPiece>(&piece);
  return text == nullptr ? 0 : text->range.length;
}

BodyPiece cut(const BodyPiece& piece, ByteRange range) {
  if (const auto* file = std::get_if<FilePiece>(&piece)) {
    return cut(*file, range);
  }
  return cut(std::get<TextPiece>(piece), range);
}

}  // namespace

Body body_of(const Content& content) {
  if (size_of(content) == 0) {
    return {};
  }
  return {std::visit([](const auto& piece) -> BodyPiece { return piece; },
                     content)};
}

std::uint64_t size_of(const Body& body) {
  std::uint64_t size = 0;
  for (const BodyPiece& piece : body) {
    size += size_of_piece(piece);
  }
  return size;
}

Body slice(const Body& body, ByteRange range) {
  Body part;
  std::uint64_t begin = 0;
  for (const BodyPiece& piece : body) {
    const std::uint64_t end = begin + size_of_piece(piece);
    const std::uint64_t from = std::clamp(range.offset, begin, end);
    const std::uint64_t to = std::clamp(range.end(), begin, end);
    if (from < to) {
      part.push_back(cut(piece, {from - begin, to - from}));
    }
    begin = end;
  }
  return part;
}

Body join(Body first, const Body& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Response text_response(int status, std::string_view type, std::string text) {
  Response response;
  response.status = status;
  response.headers["Content-Type"] = type;
  response.content_length = text.size();
  response.body = body_of(content_of(std::move(text)));
  return response;
}

std::string head_of(const Response& response) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: origin\r\n",
                                 response.status, reason_of(response.status));
  for (const auto& [name, value] : response.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (response.status != 304) {
    head += fmt::format("Content-Length: {}\r\n", response.content_length);
  }
  if (response.ending != Ending::kAsAsked) {
    head += "Connection: close\r\n";
  }
  return head + "\r\n";
}

RangeAnswer answer_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const RangeAnswer whole{RangeVerdict::kWhole, {0, size}};
  const std::size_t dash = header.find('-');
  if (!header.starts_with(kUnit) || dash == std::string_view::npos) {
    return whole;
  }
  const std::string_view last_text = header.substr(dash + 1);
  const std::string_view first_text =
      header.substr(kUnit.size(), dash - kUnit.size());
  if (first_text.empty()) {
    return answer_suffix(last_text, size);
  }
  const auto first = parse_position(first_text);
  const auto last = last_text.empty() ? UINT64_MAX : parse_position(last_text);
  if (!first || !last || *last < *first) {
    return whole;
  }
  if (*first >= size) {
    return {RangeVerdict::kUnsatisfiable, {}};
  }
  const std::uint64_t end = std::min(*last, size - 1) + 1;
  return {RangeVerdict::kPart, {*first, end - *first}};
}

Response object_response(const HttpRequest& request,
                         const ServedObject& object) {
  const std::uint64_t size = size_of(object.content);
  std::optional<Response> refusal = failed_condition(request, object);
  const RangeAnswer answer = answer_range(wanted_range(request, object), size);
  if (!refusal && answer.verdict == RangeVerdict::kUnsatisfiable) {
    refusal = unsatisfiable(size);
  }
  Response response = refusal ? *refusal : part_response(object, answer);
  response.headers["Accept-Ranges"] = "bytes";
  if (!refusal) {
    response.headers["Content-Type"] = "binary/octet-stream";
  }
  if (!refusal || response.status == 304) {
    response.headers["Last-Modified"] = http_date(object.modified);
    if (!object.etag.empty()) {
      response.headers["ETag"] = object.etag;
    }
  }
  return response;
}

}  // namespace omicsfs
