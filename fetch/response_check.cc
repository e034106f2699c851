// SPDX-License-Identifier: MIT
#include "fetch/response_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/ascii_case.h"
#include "fetch/content_range.h"
#include "fetch/throttle.h"

namespace omicsfs {
namespace {

bool same_letter(char a, char b) { return lower(a) == lower(b); }

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), same_letter);
}

TryFailure wrong(std::string why) {
  return {Failure::kOtherUrlOnly, {ErrorCode::kUnavailable, std::move(why)}};
}

TryFailure doubtful(ErrorCode code, std::string why) {
  return {Failure::kDoubtful, {code, std::move(why)}};
}

TryFailure other_size(std::uint64_t size, std::uint64_t catalogued) {
  return doubtful(ErrorCode::kChanged,
                  fmt::format("the object has {} bytes, the catalog says {}",
                              size, catalogued));
}

TryFailure decoded(TryFailure failure) {
  failure.may_be_decoded = true;
  return failure;
}

TryFailure wrong_encoding(const ResponseHead& head) {
  return wrong(fmt::format("the server answered with Content-Encoding \"{}\"",
                           head.content_encoding));
}

// The encoding is the stored object's own where the object has the catalogued
// size: one that a server makes on its way has another, or tells none.
Verdict check_partial(const RequestedRange& asked, const ResponseHead& head) {
  if (starts_with_word(head.content_type, "multipart/byteranges")) {
    return wrong("the server answered one range with multipart/byteranges");
  }
  const auto got = parse_content_range(head.content_range);
  if (!got || !got->range) {
    return wrong(
        fmt::format("the server answered 206 with Content-Range \"{}\"",
                    head.content_range));
  }
  if (!is_identity(head) && got->total != asked.file_size) {
    return wrong_encoding(head);
  }
  if (got->total.value_or(asked.file_size) != asked.file_size) {
    return other_size(*got->total, asked.file_size);
  }
  if (*got->range != asked.range) {
    return wrong(fmt::format("the server answered with another range, \"{}\"",
                             head.content_range));
  }
  if (head.content_length.value_or(asked.range.length) != asked.range.length) {
    return wrong(
        fmt::format("Content-Length {} contradicts Content-Range \"{}\"",
                    *head.content_length, head.content_range));
  }
  if (!head.content_length && asked.range.length > kMaxHeldBytes) {
    return wrong(
        fmt::format("the server tells no length of the range, and its {} bytes "
                    "are too many to hold until their end is seen",
                    asked.range.length));
  }
  return BodyPlan{0, asked.range.length, false, !head.content_length,
                  !got->total};
}

// A page of another length, or of none, says nothing of the object.
bool is_web_page(const RequestedRange& asked, const ResponseHead& head) {
  return head.content_length != asked.file_size &&
         starts_with_word(head.content_type, "text/html");
}

// The server may ignore Range (RFC 9110 14.2). Only the length tells the object
// from an error page sent as 200, and from one that is encoded or decoded on
// its way; where no header tells it, the end of the body does.
Verdict check_whole(const RequestedRange& asked, const ResponseHead& head) {
  if (is_web_page(asked, head)) {
    return doubtful(ErrorCode::kUnavailable,
                    "the server answered with a web page");
  }
  const bool is_right = head.content_length == asked.file_size;
  if (!is_right && !is_identity(head)) {
    return decoded(wrong_encoding(head));
  }
  if (!is_right && head.content_length) {
    return decoded(other_size(*head.content_length, asked.file_size));
  }
  if (!asked.takes_whole) {
    return TryFailure{Failure::kOtherUrlOnly,
                      {ErrorCode::kUnsupported, "the server ignores Range"},
                      {},
                      !is_right};
  }
  if (!is_right && asked.file_size > kMaxHeldBytes) {
    return decoded(wrong(
        fmt::format("the server tells no length of the object, and its {} "
                    "bytes are too many to hold until their end is seen",
                    asked.file_size)));
  }
  return BodyPlan{asked.range.offset, asked.range.length,
                  asked.range.end() < asked.file_size, !is_right};
}

bool is_transient(int status) {
  return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

}  // namespace

bool is_identity(const ResponseHead& head) {
  const std::string& encoding = head.content_encoding;
  return encoding.empty() ||
         (encoding.size() == 8 && starts_with_word(encoding, "identity"));
}

bool is_gzip(const ResponseHead& head) {
  const std::string& encoding = head.content_encoding;
  return (encoding.size() == 4 && starts_with_word(encoding, "gzip")) ||
         (encoding.size() == 6 && starts_with_word(encoding, "x-gzip"));
}

TryFailure refused_answer(const ResponseHead& head) {
  const int status = head.status;
  const std::string said = fmt::format("the server answered {}", status);
  if (status == 404 || status == 410) {
    return {Failure::kOtherUrlOnly, {ErrorCode::kNotFound, said}};
  }
  if (status == 412) {
    return doubtful(ErrorCode::kChanged, said + ": the object has changed");
  }
  if (status == 416) {
    return doubtful(ErrorCode::kChanged,
                    said + ": the object is shorter than the catalog says");
  }
  const bool throttled = status == 403 && is_throttle(head);
  if (throttled || is_transient(status)) {
    return {Failure::kTransient, {ErrorCode::kUnavailable, said}};
  }
  const bool refused = status >= 400 && status < 500;
  return refused
             ? TryFailure{Failure::kOtherUrlOnly, {ErrorCode::kRefused, said}}
             : wrong(said);
}

std::optional<TryFailure> check_unproven(std::uint64_t size,
                                         std::uint64_t due) {
  if (size == due) {
    return std::nullopt;
  }
  return doubtful(
      ErrorCode::kUnavailable,
      fmt::format("the server told no length and sent {} bytes{}, where {} "
                  "were due",
                  size, size > due ? " or more" : "", due));
}

std::optional<TryFailure> check_end(std::uint64_t file_size,
                                    const ResponseHead& head) {
  if (head.status == 200 && is_identity(head) && head.content_length) {
    return *head.content_length == file_size
               ? std::nullopt
               : std::optional(other_size(*head.content_length, file_size));
  }
  if (head.status != 206) {
    return refused_answer(head);
  }
  const auto got = parse_content_range(head.content_range);
  if (!got || !got->range || !is_identity(head)) {
    return wrong("the server does not tell how long the object is");
  }
  const bool ends_there = *got->range == ByteRange{file_size - 1, 1} &&
                          got->total.value_or(file_size) == file_size;
  if (ends_there) {
    return std::nullopt;
  }
  return got->total
             ? other_size(*got->total, file_size)
             : doubtful(ErrorCode::kChanged,
                        "the object does not end where the catalog says");
}

TryFailure failed_exchange(const Error& error) {
  if (error.code == ErrorCode::kUnavailable ||
      error.code == ErrorCode::kRefused) {
    return {Failure::kTransient, error};
  }
  const bool bad_url = error.code == ErrorCode::kInvalid;
  return {bad_url ? Failure::kOtherUrlOnly : Failure::kFatal, error};
}

Verdict check_response(const RequestedRange& asked, const ResponseHead& head) {
  if (head.status != 200 && head.status != 206) {
    return refused_answer(head);
  }
  return head.status == 206 ? check_partial(asked, head)
                            : check_whole(asked, head);
}

}  // namespace omicsfs
