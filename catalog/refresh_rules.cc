// SPDX-License-Identifier: MIT
#include "catalog/refresh_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace omicsfs {
namespace {

// Reasons that an error names one by one.
constexpr std::uint64_t kReasonsTold = 5;
// Warnings that README.txt has, and the bytes of one.
constexpr std::size_t kWarningsKept = 20;
constexpr std::size_t kMaxWarningBytes = 500;

}  // namespace

bool ends_refresh(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kRefused:
    case ErrorCode::kTimedOut:
    case ErrorCode::kInterrupted:
    case ErrorCode::kNoSpace:
    case ErrorCode::kIo:
      return true;
    default:
      return false;
  }
}

bool leaves_out_entry(const Error& error) {
  return !ends_refresh(error) || error.code == ErrorCode::kRefused;
}

Error error_of_known(const Error& error, std::string_view place) {
  if (error.code == ErrorCode::kNotFound || ends_refresh(error)) {
    return error;
  }
  return {ErrorCode::kUnavailable,
          fmt::format("{}; the current catalog was made of {}, so it stays; if "
                      "the new content is right, refresh it with `omicsfs "
                      "refresh --allow-empty`",
                      error.message, place)};
}

void EntryTally::bad(const std::string& place, const std::string& why) {
  if (++bad_ <= kReasonsTold) {
    reasons_ +=
        fmt::format("{}{}: {}", reasons_.empty() ? "" : "; ", place, why);
  }
}

Result<void> EntryTally::verdict() const {
  if (bad_ == 0 || good_ > 0) {
    return {};
  }
  const std::string more =
      bad_ > kReasonsTold ? fmt::format("; and {} more", bad_ - kReasonsTold)
                          : "";
  return Error{
      ErrorCode::kInvalid,
      fmt::format("it has no entry that can be shown: {}{}", reasons_, more)};
}

Result<void> check_replacement(std::optional<std::uint64_t> before,
                               std::uint64_t after, bool allow_empty) {
  if (allow_empty || after > 0 || before.value_or(0) == 0) {
    return {};
  }
  return Error{ErrorCode::kUnavailable,
               fmt::format("the new catalog has no files, and the current one "
                           "has {}, so the current one stays; if that is "
                           "right, run `omicsfs refresh --allow-empty`",
                           *before)};
}

void WarningLog::add(std::string_view message) {
  ++count_;
  if (first_.size() < kWarningsKept) {
    std::string line(message.substr(0, kMaxWarningBytes));
    std::replace_if(
        line.begin(), line.end(),
        [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    first_.push_back(std::move(line));
  }
}

std::string WarningLog::readme_text() const {
  if (count_ == 0) {
    return "";
  }
  std::string text =
      fmt::format("\nWarnings of the last refresh: {}\n", count_);
  for (const std::string& line : first_) {
    text += fmt::format("  {}\n", line);
  }
  if (count_ > first_.size()) {
    text += fmt::format("  and {} more\n", count_ - first_.size());
  }
  return text;
}

}  // namespace omicsfs
