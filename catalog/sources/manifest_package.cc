// SPDX-License-Identifier: MIT
#include <optional>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/json_elements.h"
#include "catalog/line_reader.h"
#include "catalog/sources/manifest_access.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/sources/manifest_view.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kResources = "resources";

// A resource as it is read: what is there of it, and where it leads to.
struct Resource {
  const JsonValue& value;
  const ManifestBase& base;
  ManifestEntry& entry;
};

// The text of `key`; none where it is absent. Errors: kInvalid, no string.
Result<std::optional<std::string>> member_of(const JsonValue& value,
                                             std::string_view key) {
  const auto member = value.find(key);
  if (!member) {
    return std::optional<std::string>();
  }
  auto text = member->as_string();
  return text ? Result<std::optional<std::string>>(*std::move(text))
              : text.error();
}

Result<void> read_bytes(const Resource& resource) {
  const auto bytes = resource.value.find("bytes");
  if (!bytes) {
    return {};
  }
  const auto size = bytes->as_size();
  if (!size) {
    return size.error();
  }
  resource.entry.size = *size;
  return {};
}

// "<kind>:<digest>", or an MD5 alone.
Result<void> read_hash(const Resource& resource) {
  const auto hash = member_of(resource.value, "hash");
  if (!hash || !*hash) {
    return hash ? Result<void>() : hash.error();
  }
  const std::string_view text = **hash;
  const std::size_t colon = text.find(':');
  auto added = colon == std::string_view::npos
                   ? add_digest(resource.entry, "md5", text)
                   : add_digest(resource.entry, text.substr(0, colon),
                                text.substr(colon + 1));
  return added ? added : added.error().within("/hash");
}

Result<void> read_checksum(const JsonValue& checksum, ManifestEntry& entry) {
  const auto kind = checksum.at("type");
  const auto kind_text = kind ? kind->as_string() : kind.error();
  const auto digest = checksum.at("checksum");
  const auto digest_text = digest ? digest->as_string() : digest.error();
  if (!kind_text || !digest_text) {
    return kind_text ? digest_text.error() : kind_text.error();
  }
  auto added = add_digest(entry, *kind_text, *digest_text);
  return added ? added : checksum.error(added.error().message);
}

Result<void> read_checksums(const Resource& resource) {
  const auto checksums = resource.value.find("fs:checksums");
  const auto elements =
      checksums ? checksums->elements()
                : Result<std::vector<JsonValue>>(std::vector<JsonValue>());
  if (!elements) {
    return elements.error();
  }
  for (const JsonValue& checksum : *elements) {
    if (auto read = read_checksum(checksum, resource.entry); !read) {
      return read;
    }
  }
  return {};
}

Result<void> read_accesses(const Resource& resource, const JsonValue& list) {
  const auto accesses = list.elements();
  if (!accesses) {
    return accesses.error();
  }
  for (const JsonValue& access : *accesses) {
    if (auto read = add_access(resource.entry, access, resource.base); !read) {
      return read;
    }
  }
  return {};
}

// Where the bytes are: `path` where it is a url, then `fs:access`; where there
// is no such list, a relative `path`, too.
Result<void> read_origins(const Resource& resource, const std::string& path) {
  const auto access = resource.value.find("fs:access");
  const bool from_path = !path.empty() && (!access || has_scheme(path));
  if (from_path) {
    auto added = add_origin(resource.entry, path, resource.base);
    if (!added) {
      return added.error().within("/path");
    }
  }
  return access ? read_accesses(resource, *access) : Result<void>();
}

Result<std::string> resource_path(const Resource& resource) {
  const auto path = resource.value.find("path");
  if (path && path->is_array()) {
    return Error{ErrorCode::kUnsupported,
                 "its path is a list of parts, which are not put together"};
  }
  return path ? path->as_string() : std::string();
}

Result<void> read_data(const Resource& resource) {
  const auto data = resource.value.find("data");
  if (!data) {
    return {};
  }
  auto text = data->as_string();
  if (!text) {
    return Error{ErrorCode::kUnsupported,
                 "its data are no string, and so not the bytes of a file"};
  }
  resource.entry.data = *std::move(text);
  return {};
}

Result<void> take_name_for_path(const Resource& resource) {
  const auto name = member_of(resource.value, "name");
  if (!name || !*name) {
    return name ? resource.value.error("it has neither \"path\" nor \"name\"")
                : name.error();
  }
  resource.entry.path = **name;
  return {};
}

// By the first that there is of: our own key, a relative path, the url's last
// name, the resource's name.
Result<void> read_resource_place(const Resource& resource,
                                 const std::string& path) {
  auto place = member_of(resource.value, "fs:path");
  if (!place || *place) {
    resource.entry.path = place ? **place : "";
    return place ? Result<void>() : place.error();
  }
  if (!path.empty() && !has_scheme(path)) {
    resource.entry.path = path;
    return {};
  }
  const auto& urls = resource.entry.urls;
  if (!urls.empty() && !url_name(urls.front()).empty()) {
    resource.entry.path = name_of_url(urls.front());
    resource.entry.is_named_by_url = true;
    const auto other = member_of(resource.value, "name");
    resource.entry.other_name = other ? other->value_or("") : "";
    return {};
  }
  return take_name_for_path(resource);
}

Result<void> read_mtime(const Resource& resource) {
  const auto mtime = member_of(resource.value, "fs:mtime");
  if (!mtime || !*mtime) {
    return mtime ? Result<void>() : mtime.error();
  }
  resource.entry.mtime = manifest_date(**mtime);
  return resource.entry.mtime
             ? Result<void>()
             : resource.value.error("\"fs:mtime\" is " +
                                    omicsfs::quoted(**mtime) +
                                    ", which is no date of RFC 3339");
}

Result<std::string> attribute_text(const JsonValue& value) {
  if (const auto size = value.as_size()) {
    return std::to_string(*size);
  }
  if (const auto truth = value.as_bool()) {
    return std::string(*truth ? "true" : "false");
  }
  return value.as_string();
}

Result<void> read_attributes(const Resource& resource) {
  const auto object = resource.value.find("fs:xattr");
  using Members = std::vector<std::pair<std::string, JsonValue>>;
  const auto members = object ? object->members() : Result<Members>(Members());
  if (!members) {
    return members.error();
  }
  for (const auto& member : *members) {
    auto text = attribute_text(member.second);
    if (!text) {
      return text.error();
    }
    resource.entry.attributes.emplace_back(member.first, *std::move(text));
  }
  return {};
}

Result<void> read_resource(const Resource& resource) {
  if (!resource.value.is_object()) {
    return resource.value.error("a resource is an object");
  }
  const auto path = resource_path(resource);
  if (!path) {
    return path.error();
  }
  auto done = read_data(resource);
  for (const auto& read :
       {read_bytes, read_hash, read_checksums, read_mtime, read_attributes}) {
    done = done ? read(resource) : done;
  }
  done = done ? read_origins(resource, *path) : done;
  done = done ? read_resource_place(resource, *path) : done;
  return done ? read_manifest_view(resource.value, resource.entry) : done;
}

Result<void> take_resource(const JsonValue& value, const ManifestBase& base,
                           const std::string& place,
                           const ManifestEvents& events) {
  ManifestEntry entry;
  return give_entry(events, entry, place, read_resource({value, base, entry}));
}

// What is told of the whole.
void take_about(std::string_view key, const JsonValue& value,
                const ManifestEvents& events) {
  for (const char* known : {"title", "version", "homepage", "description"}) {
    const auto text = value.as_string();
    if (key == known && text) {
      events.about(key, *text);
    }
  }
  if (key == "licenses") {
    for (const char* part : {"title", "name", "path"}) {
      const auto text = member_of(value, part);
      if (text && *text) {
        events.about("licence", **text);
      }
    }
  }
}

// Whether a line tells of the whole and not of a file.
bool is_about(const JsonValue& value) {
  return value.is_object() && !value.find("path") && !value.find("data") &&
         !value.find("fs:access");
}

void take_first_line(const JsonValue& value, const ManifestEvents& events) {
  for (const char* key : {"title", "version", "homepage", "description"}) {
    if (const auto member = value.find(key)) {
      take_about(key, *member, events);
    }
  }
}

}  // namespace

Result<void> read_package_manifest(const ManifestText& text,
                                   const ManifestEvents& events) {
  const ManifestBase base = manifest_base(text);
  bool any = false;
  const auto element = [&](const JsonElement& one) -> Result<void> {
    if (one.key == kResources && one.index) {
      return take_resource(one.value, base, one.place(), events);
    }
    if (one.key == kResources) {
      return Error{ErrorCode::kInvalid, "/resources: it is no array"};
    }
    take_about(one.key, one.value, events);
    return {};
  };
  const auto key = [&any](std::string_view name) {
    any = any || name == kResources;
    return Result<void>();
  };
  auto done = stream_json_elements(text.read, {element, key});
  return done && !any ? Error{ErrorCode::kInvalid, "it has no \"resources\""}
                      : done;
}

Result<void> read_lines_manifest(const ManifestText& text,
                                 const ManifestEvents& events) {
  const ManifestBase base = manifest_base(text);
  LineReader lines(text.read, kMaxJsonElement);
  auto line = lines.next();
  for (; line && *line; line = lines.next()) {
    if ((*line)->find_first_not_of(" \t") == std::string_view::npos) {
      continue;
    }
    const auto value = JsonValue::parse(**line);
    if (!value) {
      events.problem(lines.place(), value.error().message);
      continue;
    }
    if (lines.line() == 1 && is_about(*value)) {
      take_first_line(*value, events);
      continue;
    }
    if (auto done = take_resource(*value, base, lines.place(), events); !done) {
      return done;
    }
  }
  return line ? Result<void>() : line.error();
}

}  // namespace omicsfs
