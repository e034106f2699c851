// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"
#include "catalog/json_elements.h"
#include "catalog/sources/manifest_json.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

Result<void> read_file_object(ManifestEntry& entry, const JsonValue& file,
                              const ManifestBase& base) {
  if (file.find("containedIn")) {
    return Error{ErrorCode::kUnsupported,
                 "it is part of another; a zip archive is seen as a directory "
                 "beside it"};
  }
  if (linked_text(file, "encodingFormat").starts_with("git+")) {
    return Error{ErrorCode::kUnsupported, "it is a repository, and no file"};
  }
  if (auto read = read_content_facts(entry, file); !read) {
    return read;
  }
  for (const std::string& url : linked_texts(file, "contentUrl")) {
    if (auto added = add_origin(entry, url, base); !added) {
      return added;
    }
    if (!has_scheme(url)) {
      entry.path = url;
    }
  }
  if (entry.path.empty() && !entry.urls.empty()) {
    const std::string name = url_name(entry.urls.front());
    entry.other_name = linked_text(file, "name");
    entry.path = clean_entry_name(name.empty() ? entry.other_name : name);
    entry.is_named_by_url = true;
  }
  const std::string format = linked_text(file, "encodingFormat");
  if (!format.empty()) {
    entry.attributes.emplace_back("mime_type", format);
  }
  return {};
}

Result<void> take_distribution(const JsonElement& one, const ManifestBase& base,
                               const ManifestEvents& events) {
  if (has_type(one.value, "FileSet")) {
    events.odd(one.place(), "a set of files, which it does not list");
    return {};
  }
  if (!has_type(one.value, "FileObject")) {
    return {};
  }
  ManifestEntry entry;
  return give_entry(events, entry, one.place(),
                    read_file_object(entry, one.value, base));
}

}  // namespace

Result<void> read_croissant_manifest(const ManifestText& text,
                                     const ManifestEvents& events) {
  const ManifestBase base = manifest_base(text);
  const auto take = [&](const JsonElement& one) -> Result<void> {
    if (one.key == "distribution") {
      return take_distribution(one, base, events);
    }
    for (const char* key : {"name", "description", "url", "version"}) {
      if (const auto about = one.value.as_string(); about && one.key == key) {
        events.about(key, *about);
      }
    }
    if (const auto about = one.value.as_string();
        about && one.key == "license") {
      events.about("licence", *about);
    }
    return {};
  };
  return stream_json_elements(text.read, {take});
}

}  // namespace omicsfs
