// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/marked_url.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/sources/manifest_view.h"
#include "catalog/sources/manifest_writer.h"
#include "catalog/web_place.h"

// Whatever the bytes and so the format, a file that is told of has a path that
// a tree can hold, and bytes that are on the web, in the manifest, or below it
// and nowhere else of this machine; its view is one that it can have, and is
// read as it is written; and what is refused says why.

namespace {

bool is_allowed(const std::string& url) {
  return omicsfs::is_web_place(omicsfs::plain_url(url));
}

bool is_view_kept(const omicsfs::ManifestEntry& entry) {
  const auto value =
      omicsfs::JsonValue::parse("{\"x\": 0" + omicsfs::view_text(entry) + "}");
  omicsfs::ManifestEntry again;
  again.path = entry.path;
  return value && omicsfs::read_manifest_view(*value, again) &&
         again.view == entry.view;
}

void check_manifest_file(const omicsfs::ManifestEntry& entry,
                         const std::string& base) {
  const bool web =
      std::all_of(entry.urls.begin(), entry.urls.end(), is_allowed);
  const bool below =
      entry.local_path.empty() ||
      (base.starts_with('/') && entry.local_path.starts_with(base) &&
       omicsfs::split_path(entry.local_path.substr(base.size())));
  const bool placed =
      entry.data || !entry.urls.empty() || !entry.local_path.empty();
  const std::string text = omicsfs::resource_text(entry, 1);
  if (!omicsfs::split_path(entry.path) || !web || !below || !placed ||
      text.find('\n') != std::string::npos ||
      !omicsfs::check_manifest_view(entry) || !is_view_kept(entry)) {
    std::abort();
  }
}

void read_as(std::span<const char> bytes, const std::string& place) {
  std::size_t given = 0;
  const omicsfs::ReadPiece read =
      [&](std::span<char> out) -> omicsfs::Result<std::size_t> {
    const std::size_t count =
        std::min({out.size(), bytes.size() - given, std::size_t{4096}});
    std::copy_n(bytes.data() + given, count, out.data());
    given += count;
    return count;
  };
  const omicsfs::ManifestText text{read, place, "", nullptr, nullptr, "/tmp"};
  const std::string base = omicsfs::folder_of(place);
  const auto told = [](const std::string& where, const std::string& why) {
    if (where.empty() || why.empty()) {
      std::abort();
    }
  };
  const auto done = omicsfs::read_manifest(
      text, {[&base](omicsfs::ManifestEntry& entry, const std::string&) {
               check_manifest_file(entry, base);
               return omicsfs::Result<void>();
             },
             told, told, [](std::string_view, const std::string&) {}});
  if (!done && done.error().message.empty()) {
    std::abort();
  }
}

}  // namespace

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::span text(reinterpret_cast<const char*>(bytes), size);
  read_as(text, "/data/set/manifest");
  read_as(text, "https://h/api/datasets/o/n/tree/main?list-type=2&prefix=a%2F");
  return 0;
}
