// SPDX-License-Identifier: MIT
#include "fetch/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "catalog/ascii_case.h"

namespace omicsfs {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const bool whole = read.ec == std::errc{} && read.ptr == end;
  return whole ? std::optional(value) : std::nullopt;
}

// "HTTP/1.1 206 Partial Content", "HTTP/2 206"
int parse_status(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) {
    return 0;
  }
  const std::string_view code = trimmed(line.substr(space)).substr(0, 3);
  return static_cast<int>(parse_whole<unsigned>(code).value_or(0));
}

void join(std::string& field, std::string_view value) {
  if (!field.empty()) {
    field += ", ";
  }
  field += value;
}

}  // namespace

Result<void> HeadReader::take(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    begin(line);
  }
  bytes_ += line.size();
  if (bytes_ > kMaxHeadBytes) {
    return Error{ErrorCode::kUnavailable,
                 "the head of the response is over 64 KiB"};
  }
  const std::string_view text = trimmed(line);
  const auto colon = text.find(':');
  if (text.empty()) {
    ended_ = true;
  }
  if (!ended_ && colon != std::string_view::npos) {
    field(text.substr(0, colon), trimmed(text.substr(colon + 1)));
  }
  return {};
}

void HeadReader::begin(std::string_view status_line) {
  head_ = {};
  head_.status = parse_status(status_line);
  content_length_.clear();
  bytes_ = 0;
  ended_ = false;
}

void HeadReader::field(std::string_view name, std::string_view value) {
  if (std::string* text = text_of(lower(name))) {
    join(*text, value);
  }
  head_.content_length = parse_whole<std::uint64_t>(content_length_);
}

std::string* HeadReader::text_of(const std::string& name) {
  const std::array<std::pair<std::string_view, std::string*>, 17> fields = {{
      {"content-length", &content_length_},
      {"content-range", &head_.content_range},
      {"content-encoding", &head_.content_encoding},
      {"content-type", &head_.content_type},
      {"retry-after", &head_.retry_after},
      {"ratelimit", &head_.rate_limit},
      {"ratelimit-reset", &head_.rate_limit_reset},
      {"x-ratelimit-reset", &head_.rate_limit_reset},
      {"x-rate-limit-reset", &head_.rate_limit_reset},
      {"ratelimit-remaining", &head_.rate_limit_remaining},
      {"x-ratelimit-remaining", &head_.rate_limit_remaining},
      {"x-rate-limit-remaining", &head_.rate_limit_remaining},
      {"location", &head_.location},
      {"link", &head_.link},
      {"x-amz-bucket-region", &head_.bucket_region},
      {"etag", &head_.validator.etag},
      {"last-modified", &head_.validator.last_modified},
  }};
  const auto* const found =
      std::find_if(fields.begin(), fields.end(),
                   [&](const auto& entry) { return entry.first == name; });
  return found == fields.end() ? nullptr : found->second;
}

}  // namespace omicsfs
