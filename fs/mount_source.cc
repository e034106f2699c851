// SPDX-License-Identifier: MIT
#include "fs/mount_source.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "catalog/ascii_case.h"
#include "catalog/digest.h"
#include "catalog/entry_name.h"
#include "catalog/sources/archive.h"
#include "catalog/sources/manifest.h"
#include "catalog/sources/manifest_address.h"
#include "catalog/web_place.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

bool ends_in(std::string_view word, std::string_view suffix) {
  return word.size() > suffix.size() &&
         std::equal(suffix.rbegin(), suffix.rend(), word.rbegin(),
                    [](char a, char b) { return a == b || a == b + 32; });
}

// `prefix` and what tells its place from others.
std::string name_of(std::string_view place, std::string prefix) {
  constexpr std::size_t kHexDigits = 16;
  return std::move(prefix) +
         digest_of(DigestKind::kSha256, std::as_bytes(std::span(place)))
             .hex.substr(0, kHexDigits);
}

// Before what a server is asked.
std::string_view before_question(std::string_view place) {
  return place.substr(0, place.find_first_of("?#"));
}

// The ending of a manifest that `place` has, with that of gzip; "" of none.
std::string_view manifest_ending(std::string_view place) {
  const std::string_view whole = place;
  if (ends_in(place, ".gz")) {
    place.remove_suffix(3);
  }
  for (const std::string_view ending :
       {".json", ".jsonl", ".ndjson", ".txt", ".tsv", ".xml"}) {
    if (ends_in(place, ending)) {
      return whole.substr(place.size() - ending.size());
    }
  }
  return "";
}

// An url that names no file, and asks its server nothing.
bool is_web_folder(const std::string& place) {
  return is_http_url(place) && url_name(place).empty() &&
         place.find('?') == std::string::npos;
}

// The last name of a url or path.
std::string shown_archive(const std::string& place) {
  const std::string text = is_http_url(place) ? printable_url(place) : place;
  return clean_entry_name(last_entry_name(text));
}

// Likewise, of a bucket's folder, of a repository without its revision, or of a
// document without its ending.
std::string shown_manifest(std::string_view place) {
  if (const auto hub = parse_hub_place(place)) {
    return clean_entry_name(
        last_entry_name(hub->folder.empty() ? hub->repository : hub->folder));
  }
  if (!place.starts_with('/')) {
    place = before_question(place);
  }
  place.remove_suffix(manifest_ending(place).size());
  while (place.ends_with('/')) {
    place.remove_suffix(1);
  }
  return clean_entry_name(last_entry_name(place));
}

Result<std::string> absolute_place(const std::string& word) {
  if (is_http_url(word) || is_collection(word)) {
    return word;
  }
  if (const auto checked = check_url_word(word); !checked) {
    return checked.error();
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(word, error);
  if (error) {
    return Error{ErrorCode::kInvalid, "cannot find " + omicsfs::quoted(word) +
                                          ": " + error.message()};
  }
  return path.lexically_normal().string();
}

Result<MountSource> mount_source(const std::string& word,
                                 const Endpoints& endpoints) {
  if (!means_place(word)) {
    const auto kind = find_source(word);
    if (!kind) {
      return kind.error();
    }
    return MountSource{word, word, **kind, ""};
  }
  const auto place = absolute_place(word);
  if (!place) {
    return place.error();
  }
  if (!means_manifest(*place)) {
    if (is_web_folder(*place)) {
      return Error{ErrorCode::kInvalid,
                   omicsfs::quoted(printable_url(*place)) +
                       " is a folder of a web server: make a manifest of it "
                       "with `omicsfs manifest make`, and mount that"};
    }
    return MountSource{name_of(*place, "archive-"),
                       shown_archive(*place),
                       {"", "zip archive", "", build_archive},
                       *place};
  }
  const auto address = manifest_address(*place, endpoints);
  if (!address) {
    return address.error();
  }
  SourceKind kind = kAnyManifest;
  kind.name = "";
  return MountSource{name_of(*address, "manifest-"), shown_manifest(*place),
                     kind, *place};
}

}  // namespace

Result<void> check_url_word(const std::string& word) {
  const std::string scheme = lower(word.substr(0, word.find(kSchemeEnd)));
  if (word.find(kSchemeEnd) == std::string::npos ||
      (scheme != "http" && scheme != "https")) {
    return {};
  }
  return no_web_place(word);
}

bool means_place(std::string_view word) {
  return word.find('/') != std::string_view::npos || ends_in(word, ".zip") ||
         ends_in(word, ".npz") || !manifest_ending(word).empty();
}

bool means_manifest(std::string_view place) {
  const bool listing =
      is_http_url(place) && place.find("list-type=2") != std::string_view::npos;
  return listing || is_collection(place) ||
         !manifest_ending(is_http_url(place) ? before_question(place) : place)
              .empty();
}

bool MountSource::may_have_changed() const {
  return !place.empty() && !is_collection(place);
}

SourceKind MountSource::named_kind() const {
  SourceKind named = kind;
  named.name = name;
  return named;
}

Result<std::vector<MountSource>> mount_sources(
    const std::vector<std::string>& words, const Endpoints& endpoints) {
  std::vector<MountSource> sources;
  std::set<std::string> shown;
  for (const std::string& word : words) {
    auto source = mount_source(word, endpoints);
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

Settings with_places(Settings settings,
                     const std::vector<MountSource>& sources) {
  for (const MountSource& source : sources) {
    if (source.place.empty()) {
      continue;
    }
    SourceSettings& own = settings.sources[source.name];
    if (source.kind.of_manifests) {
      own.catalogue = {source.place};
    } else {
      own.base_url = source.place;
    }
  }
  return settings;
}

}  // namespace omicsfs
