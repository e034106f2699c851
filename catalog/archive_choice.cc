// SPDX-License-Identifier: MIT
#include "catalog/archive_choice.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kNone = "none";

}  // namespace

ArchiveChoice::ArchiveChoice() : patterns_{"*.zip", "*.npz"} {}

Result<ArchiveChoice> ArchiveChoice::parse(std::string_view text) {
  std::vector<std::string> patterns;
  if (text == kNone) {
    return ArchiveChoice(std::move(patterns));
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    if (end == begin || text.find('\0') != std::string_view::npos) {
      return Error{ErrorCode::kInvalid,
                   omicsfs::quoted(text) +
                       " names no archives; give patterns such as "
                       "\"*.zip:*.npz\", or \"none\""};
    }
    patterns.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return ArchiveChoice(std::move(patterns));
}

bool ArchiveChoice::has(const std::string& path) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&path](const std::string& pattern) {
                       return ::fnmatch(pattern.c_str(), path.c_str(),
                                        FNM_CASEFOLD | FNM_NOESCAPE) == 0;
                     });
}

std::string ArchiveChoice::text() const {
  std::string text;
  for (const std::string& pattern : patterns_) {
    text += text.empty() ? "" : ":";
    text += pattern;
  }
  return is_none() ? std::string(kNone) : text;
}

}  // namespace omicsfs
