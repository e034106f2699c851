// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"
#include "catalog/json_elements.h"
#include "catalog/percent_encoding.h"
#include "catalog/sources/manifest_json.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

// An "@id" is a URI reference: its path is percent-encoded.
std::string crate_path(std::string_view id) {
  if (id.starts_with("./")) {
    id.remove_prefix(2);
  }
  return percent_decode(id, PlusSign::kItself).value_or(std::string(id));
}

// Where the bytes are: at the "@id" where that is a url, then at "contentUrl";
// where there is neither, beside the crate.
Result<void> read_crate_origins(ManifestEntry& entry, const JsonValue& file,
                                const std::string& id,
                                const ManifestBase& base) {
  if (has_scheme(id)) {
    if (auto added = add_url(entry, id, base.endpoints); !added) {
      return added;
    }
  }
  for (const std::string& url : linked_texts(file, "contentUrl")) {
    if (auto added = add_origin(entry, url, base); !added) {
      return added;
    }
  }
  return entry.urls.empty() && entry.local_path.empty()
             ? add_origin(entry, crate_path(id), base)
             : Result<void>();
}

Result<void> read_crate_file(ManifestEntry& entry, const JsonValue& file,
                             const ManifestBase& base) {
  const std::string id = linked_text(file, "@id");
  auto done = read_content_facts(entry, file);
  if (done) {
    done = read_crate_origins(entry, file, id, base);
  }
  if (!done) {
    return done;
  }
  const std::string place = linked_text(file, "localPath");
  if (!place.empty()) {
    entry.path = crate_path(place);
  } else if (!has_scheme(id) && !id.starts_with('#')) {
    entry.path = crate_path(id);
  } else {
    entry.path = entry.urls.empty() ? "" : name_of_url(entry.urls.front());
    entry.is_named_by_url = true;
    entry.other_name = linked_text(file, "name");
  }
  entry.mtime = manifest_date(linked_text(file, "dateModified"));
  const std::string format = linked_text(file, "encodingFormat");
  if (!format.empty()) {
    entry.attributes.emplace_back("mime_type", format);
  }
  return {};
}

// What the crate as a whole says of itself.
void tell_of_crate(const JsonValue& root, const ManifestEvents& events) {
  constexpr std::pair<std::string_view, std::string_view> kTold[] = {
      {"name", "name"}, {"description", "description"}, {"license", "licence"}};
  for (const auto& [key, what] : kTold) {
    const std::string text = linked_text(root, key);
    if (!text.empty()) {
      events.about(what, text);
    }
  }
}

}  // namespace

Result<void> read_crate_manifest(const ManifestText& text,
                                 const ManifestEvents& events) {
  const ManifestBase base = manifest_base(text);
  const auto take = [&](const JsonElement& one) -> Result<void> {
    if (one.key != "@graph") {
      return {};
    }
    if (linked_text(one.value, "@id") == "./") {
      tell_of_crate(one.value, events);
    }
    if (!has_type(one.value, "File")) {
      return {};
    }
    ManifestEntry entry;
    return give_entry(events, entry, one.place(),
                      read_crate_file(entry, one.value, base));
  };
  return stream_json_elements(text.read, {take});
}

}  // namespace omicsfs
