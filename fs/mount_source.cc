// SPDX-License-Identifier: MIT
#include "fs/mount_source.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <system_error>

#include "catalog/digest.h"
#include "catalog/entry_name.h"
#include "catalog/sources/archive.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

bool ends_in(std::string_view word, std::string_view suffix) {
  return word.size() > suffix.size() &&
         std::equal(suffix.rbegin(), suffix.rend(), word.rbegin(),
                    [](char a, char b) { return a == b || a == b + 32; });
}

// "archive-" and what tells its place from others.
std::string name_of(std::string_view place) {
  constexpr std::size_t kHexDigits = 16;
  return "archive-" +
         digest_of(DigestKind::kSha256, std::as_bytes(std::span(place)))
             .hex.substr(0, kHexDigits);
}

// The last name of a url or path.
std::string shown_name(const std::string& place) {
  const std::string text = is_http_url(place) ? printable_url(place) : place;
  return clean_entry_name(last_entry_name(text));
}

Result<MountSource> mount_source(const std::string& word) {
  if (!means_archive(word)) {
    const auto kind = find_source(word);
    if (!kind) {
      return kind.error();
    }
    return MountSource{word, word, **kind, ""};
  }
  std::string place = word;
  if (!is_http_url(word)) {
    std::error_code error;
    const auto path = std::filesystem::absolute(word, error);
    if (error) {
      return Error{ErrorCode::kInvalid, "cannot find " + omicsfs::quoted(word) +
                                            ": " + error.message()};
    }
    place = path.lexically_normal().string();
  }
  return MountSource{name_of(place),
                     shown_name(place),
                     {"", "zip archive", "", build_archive},
                     place};
}

}  // namespace

bool means_archive(std::string_view word) {
  return word.find('/') != std::string_view::npos || ends_in(word, ".zip") ||
         ends_in(word, ".npz");
}

SourceKind MountSource::named_kind() const {
  SourceKind named = kind;
  named.name = name;
  return named;
}

Result<std::vector<MountSource>> mount_sources(
    const std::vector<std::string>& words) {
  std::vector<MountSource> sources;
  std::set<std::string> shown;
  for (const std::string& word : words) {
    auto source = mount_source(word);
    if (!source) {
      return source.error();
    }
    if (!shown.insert(source->shown).second) {
      return Error{ErrorCode::kInvalid, source->shown + " is named twice"};
    }
    sources.push_back(*std::move(source));
  }
  return sources;
}

Settings with_archives(Settings settings,
                       const std::vector<MountSource>& sources) {
  for (const MountSource& source : sources) {
    if (source.is_archive()) {
      settings.sources[source.name].base_url = source.place;
    }
  }
  return settings;
}

}  // namespace omicsfs
