// SPDX-License-Identifier: MIT
#include "fetch/link_header.h"

#include <algorithm>

#include "catalog/ascii_case.h"
#include "fetch/redirect.h"

namespace omicsfs {
namespace {

constexpr std::string_view kLinkBlanks = " \t";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(
      std::min(text.find_first_not_of(kLinkBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kLinkBlanks) + 1);
}

// Where the link-value or parameter that `text` begins with ends: at the first
// of `marks` that is in no quotes.
std::size_t end_before(std::string_view text, std::string_view marks) {
  bool quoted_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      quoted_text = !quoted_text;
    } else if (quoted_text && text[at] == '\\') {
      ++at;
    } else if (!quoted_text && marks.find(text[at]) != marks.npos) {
      return at;
    }
  }
  return text.size();
}

// Whether the parameter `text` is rel=next, or rel="… next …".
bool is_next(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  if (lower(without_blanks(text.substr(0, equals))) != "rel") {
    return false;
  }
  std::string_view value =
      without_blanks(text.substr(std::min(equals + 1, text.size())));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  while (!value.empty()) {
    const std::string_view word =
        value.substr(0, value.find_first_of(kLinkBlanks));
    if (lower(word) == "next") {
      return true;
    }
    value.remove_prefix(std::min(word.size() + 1, value.size()));
  }
  return false;
}

// Whether one of the parameters, which begin with ';', says so.
bool leads_on(std::string_view parameters) {
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const std::size_t end = end_before(parameters, ";");
    if (is_next(parameters.substr(0, end))) {
      return true;
    }
    parameters.remove_prefix(end);
  }
  return false;
}

}  // namespace

Result<std::string> next_link(std::string_view value, std::string_view base) {
  while (!(value = without_blanks(value)).empty()) {
    if (value.front() != '<') {
      value.remove_prefix(1);
      continue;
    }
    const std::size_t close = value.find('>');
    if (close == std::string_view::npos) {
      return std::string();
    }
    const std::string_view target = value.substr(1, close - 1);
    value.remove_prefix(close + 1);
    const std::size_t end = end_before(value, ",");
    if (leads_on(without_blanks(value.substr(0, end)))) {
      auto next = redirect_target(base, target);
      return next ? std::move(next)
                  : Error{ErrorCode::kUnavailable, next.error().message};
    }
    value.remove_prefix(end);
  }
  return std::string();
}

}  // namespace omicsfs
