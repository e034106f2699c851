// SPDX-License-Identifier: MIT
#include "tests/support/fault_effects.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace omicsfs {
namespace {

constexpr std::uint64_t kToTheEnd = UINT64_MAX;

Body tail(const Body& body, std::uint64_t offset) {
  return slice(body, {offset, kToTheEnd - offset});
}

void add_header_line(Response& response, const std::string& line) {
  const std::size_t colon = line.find(": ");
  if (colon != std::string::npos) {
    response.headers[line.substr(0, colon)] = line.substr(colon + 2);
  }
}

void answer_status(Response& response, const Fault& fault) {
  response = text_response(fault.status, "text/plain", "struck by a fault\n");
  add_header_line(response, fault.header);
}

void answer_html(Response& response, const Fault& /*fault*/) {
  response = text_response(200, "text/html",
                           "<html><body><h1>Please log in</h1></body></html>");
}

void answer_redirect(Response& response, const Fault& fault) {
  response = text_response(302, "text/plain", "elsewhere\n");
  response.headers["Location"] = fault.url;
}

// Rewrites "bytes a-b/n"; responses without a Content-Range keep none.
void shift_content_range(Response& response, std::uint64_t by,
                         std::uint64_t total_by) {
  const auto found = response.headers.find("Content-Range");
  if (found == response.headers.end() ||
      found->second.find('*') != std::string::npos) {
    return;
  }
  const std::string& text = found->second;
  const std::size_t first = text.find(' ') + 1;
  const std::size_t last = text.find('-', first) + 1;
  const std::size_t total = text.find('/', last) + 1;
  const auto shifted = [&](std::size_t at, std::uint64_t distance) {
    return std::to_string(std::stoull(text.substr(at)) + distance);
  };
  found->second = "bytes " + shifted(first, by) + "-" + shifted(last, by) +
                  "/" + shifted(total, total_by);
}

void claim_more(Response& response, const Fault& fault) {
  response.content_length += fault.bytes;
  response.ending = Ending::kClose;
}

void send_more(Response& response, const Fault& fault) {
  response.content_length += fault.bytes;
  response.body =
      join(response.body, body_of(content_of(std::string(fault.bytes, '+'))));
}

void stall_body(Response& response, const Fault& fault) {
  Body paused = slice(response.body, {0, fault.bytes});
  paused.emplace_back(Pause{fault.pause});
  response.body = join(std::move(paused), tail(response.body, fault.bytes));
}

std::string read_piece(const BodyPiece& piece) {
  if (const auto* text = std::get_if<TextPiece>(&piece)) {
    return text->text->substr(text->range.offset, text->range.length);
  }
  const auto& file = std::get<FilePiece>(piece);
  std::string bytes(file.range.length, '\0');
  const ssize_t count = ::pread(file.file->get(), bytes.data(), bytes.size(),
                                static_cast<off_t>(file.range.offset));
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

void flip_byte(Response& response, const Fault& fault) {
  const Body one = slice(response.body, {fault.bytes, 1});
  if (one.empty()) {
    return;
  }
  std::string flipped = read_piece(one.front());
  for (char& byte : flipped) {
    byte = static_cast<char>(byte ^ 1);
  }
  const Body before = slice(response.body, {0, fault.bytes});
  response.body = join(join(before, body_of(content_of(std::move(flipped)))),
                       tail(response.body, fault.bytes + 1));
}

void cut_short(Response& response, const Fault& fault) {
  response.body = slice(response.body, {0, fault.bytes});
  response.ending =
      fault.kind == FaultKind::kReset ? Ending::kReset : Ending::kClose;
}

void distort_head(Response& response, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kWrongContentRange:
      return shift_content_range(response, 1, 0);
    case FaultKind::kWrongTotal:
      return shift_content_range(response, 0, 1);
    case FaultKind::kGzipClaim:
      response.headers["Content-Encoding"] = "gzip";
      return;
    case FaultKind::kStallHead:
      response.before_head = Pause{fault.pause};
      return;
    case FaultKind::kTrickle:
      response.rate = fault.bytes;
      return;
    case FaultKind::kCloseUnanswered:
      response.ending = Ending::kUnanswered;
      return;
    default:
      return;
  }
}

void distort_body(Response& response, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kStatus:
      return answer_status(response, fault);
    case FaultKind::kHtml:
      return answer_html(response, fault);
    case FaultKind::kRedirect:
      return answer_redirect(response, fault);
    case FaultKind::kWrongLength:
      return claim_more(response, fault);
    case FaultKind::kLongerBody:
      return send_more(response, fault);
    case FaultKind::kTruncate:
    case FaultKind::kReset:
      return cut_short(response, fault);
    case FaultKind::kStallBody:
      return stall_body(response, fault);
    case FaultKind::kFlipByte:
      return flip_byte(response, fault);
    default:
      return;
  }
}

}  // namespace

HttpRequest distorted(HttpRequest request, const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::kRefuseRange) {
      request.headers.erase("range");
    }
    if (fault.kind == FaultKind::kIgnoreConditions) {
      request.headers.erase("if-match");
      request.headers.erase("if-none-match");
      request.headers.erase("if-range");
    }
  }
  return request;
}

ServedObject distorted(ServedObject object, const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::kChangedEtag) {
      object.etag = "\"changed\"";
    }
  }
  return object;
}

Response distorted(Response response, const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    distort_body(response, fault);
    distort_head(response, fault);
  }
  return response;
}

}  // namespace omicsfs
