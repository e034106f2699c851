// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"
#include "catalog/json_elements.h"
#include "catalog/marked_url.h"
#include "catalog/percent_encoding.h"
#include "catalog/refresh_rules.h"
#include "catalog/sources/manifest_json.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxDrsBytes = std::uint64_t{16} << 20U;
// Bundles in bundles, and objects of one bundle.
constexpr int kMaxDrsDepth = 16;
constexpr std::uint64_t kMaxDrsObjects = 100'000;
constexpr std::string_view kDrsScheme = "drs://";

// What a server answers for an object. Objects and bundles are small, so they
// are held as a whole; only the list of a bundle's contents may be long.
struct DrsObject {
  std::string id;
  std::string name;
  std::string created;
  std::string updated;
  std::string mime_type;
  std::optional<std::uint64_t> size;
  std::vector<JsonValue> checksums;
  std::vector<JsonValue> access_methods;
  std::vector<JsonValue> contents;
  std::string self_uri;
  std::string address;  // where the server told of it; "" = that is not known
};

// An element of an array.
Result<void> take_drs_element(DrsObject& object, const JsonElement& one) {
  const std::pair<std::string_view, std::vector<JsonValue>*> lists[] = {
      {"checksums", &object.checksums},
      {"access_methods", &object.access_methods},
      {"contents", &object.contents}};
  for (const auto& [key, list] : lists) {
    if (one.key != key) {
      continue;
    }
    if (list->size() == kMaxDrsObjects) {
      return Error{ErrorCode::kInvalid, one.place() + ": it has too many"};
    }
    list->push_back(one.value);
  }
  return {};
}

void take_drs_text(DrsObject& object, const JsonElement& one) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &object.id},
      {"self_uri", &object.self_uri},
      {"name", &object.name},
      {"created_time", &object.created},
      {"updated_time", &object.updated},
      {"mime_type", &object.mime_type}};
  for (const auto& [key, text] : texts) {
    if (one.key == key && one.value.is_string()) {
      *text = *one.value.as_string();
    }
  }
}

Result<void> take_drs_member(DrsObject& object, const JsonElement& one) {
  if (one.index) {
    return take_drs_element(object, one);
  }
  if (one.key == "size") {
    const auto size = one.value.as_size();
    object.size = size ? std::optional(*size) : std::nullopt;
    return size ? Result<void>() : size.error().within("/size");
  }
  take_drs_text(object, one);
  return {};
}

Result<DrsObject> read_drs_object(const ReadPiece& read) {
  DrsObject object;
  const auto done =
      stream_json_elements(read, {[&object](const JsonElement& one) {
                             return take_drs_member(object, one);
                           }});
  return done ? Result<DrsObject>(std::move(object)) : done.error();
}

// Where a server tells of the object that `uri` names (DRS 1.4, "Hostname-based
// DRS URIs": GET /objects/{object_id}); "" where it names none.
std::string drs_address(std::string_view uri) {
  const std::size_t slash = uri.find('/', kDrsScheme.size());
  if (!uri.starts_with(kDrsScheme) || slash == std::string_view::npos) {
    return "";
  }
  const std::string_view host =
      uri.substr(kDrsScheme.size(), slash - kDrsScheme.size());
  const std::string address =
      std::string("https://")
          .append(host)
          .append("/ga4gh/drs/v1/objects/")
          .append(percent_encode(uri.substr(slash + 1), ""));
  return is_web_place(address) ? address : "";
}

// Whether a server may tell an http(s) url of such a method.
bool is_of_web(const JsonValue& method) {
  const std::string type = linked_text(method, "type");
  return type == "https" || type == "http" || type == "s3" || type == "gs";
}

// A url that an access_id stands for is good for minutes: it is asked for when
// bytes are read (DRS 1.4, GET /objects/{object_id}/access/{access_id}).
void add_drs_access_id(ManifestEntry& entry, const DrsObject& object,
                       const JsonValue& method) {
  const std::string id = linked_text(method, "access_id");
  if (!id.empty() && is_of_web(method) && !object.address.empty()) {
    entry.urls.push_back(resolve_url(
        object.address + "/access/" + percent_encode(id, ""), "url"));
  }
}

// The urls that need no headers, and then those that are asked for.
Result<void> read_drs_access(ManifestEntry& entry, const DrsObject& object,
                             const Endpoints& endpoints) {
  for (const JsonValue& method : object.access_methods) {
    const auto access = method.find("access_url");
    const std::string url = access ? linked_text(*access, "url") : "";
    const bool free = access && linked_texts(*access, "headers").empty();
    if (free && web_url(url)) {
      if (auto added = add_url(entry, url, endpoints); !added) {
        return added;
      }
    }
  }
  for (const JsonValue& method : object.access_methods) {
    add_drs_access_id(entry, object, method);
  }
  return entry.urls.empty()
             ? Error{ErrorCode::kInvalid,
                     "no access method tells a url of http, https, s3 or gs "
                     "that needs no headers, or an access_id for one"}
             : Result<void>();
}

Result<void> read_drs_file(ManifestEntry& entry, const DrsObject& object,
                           const Endpoints& endpoints) {
  entry.size = object.size;
  entry.mtime =
      manifest_date(object.updated.empty() ? object.created : object.updated);
  if (!object.mime_type.empty()) {
    entry.attributes.emplace_back("mime_type", object.mime_type);
  }
  for (const JsonValue& checksum : object.checksums) {
    auto added = add_digest(entry, linked_text(checksum, "type"),
                            linked_text(checksum, "checksum"));
    if (!added) {
      return checksum.error(added.error().message);
    }
  }
  return read_drs_access(entry, object, endpoints);
}

// The objects of a bundle, and of those in it.
class DrsReader {
 public:
  DrsReader(const ManifestText& text, const ManifestEvents& events)
      : text_(text), events_(events) {}

  // `path` is the object's, or its folder's with a slash at the end where the
  // object names itself. Where it was not asked for, it may tell its address.
  Result<void> take(DrsObject object, std::string path,
                    const std::string& place, int depth) {
    if (object.address.empty()) {
      object.address = drs_address(object.self_uri);
    }
    if (path.empty() || path.ends_with('/')) {
      path += object.name.empty() ? object.id : object.name;
    }
    if (object.contents.empty()) {
      ManifestEntry entry;
      entry.path = std::move(path);
      return give_entry(events_, entry, place,
                        read_drs_file(entry, object, text_.endpoints));
    }
    return take_contents(object.contents, depth == 0 ? "" : path + "/", place,
                         depth);
  }

 private:
  Result<void> take_contents(const std::vector<JsonValue>& contents,
                             const std::string& folder,
                             const std::string& place, int depth) {
    if (depth == kMaxDrsDepth) {
      events_.problem(place, "bundles in bundles, too deep");
      return {};
    }
    for (std::size_t index = 0; index < contents.size(); ++index) {
      auto done = take_content(
          contents[index], folder,
          (place == "/" ? "" : place) + "/contents/" + std::to_string(index),
          depth + 1);
      if (!done) {
        return done;
      }
    }
    return {};
  }

  Result<void> take_content(const JsonValue& content, const std::string& folder,
                            const std::string& place, int depth) {
    const std::string name = linked_text(content, "name");
    if (auto named = check_entry_name(name); !named) {
      events_.problem(place, named.error().message);
      return {};
    }
    if (const auto inner = content.find("contents");
        inner && inner->is_array()) {
      return take_contents(*inner->elements(), folder + name + "/", place,
                           depth);
    }
    const std::string url = object_url(content);
    if (url.empty()) {
      events_.problem(place, "it has neither \"drs_uri\" nor \"id\"");
      return {};
    }
    if (text_.download == nullptr) {
      events_.odd(place, "it is asked for at the server, by a refresh only");
      return {};
    }
    if (++asked_ > kMaxDrsObjects) {
      return Error{ErrorCode::kInvalid, place + ": there are too many objects"};
    }
    return ask(url, folder + name, place, depth);
  }

  Result<void> ask(const std::string& url, const std::string& path,
                   const std::string& place, int depth) {
    const auto answer = (*text_.download)(url, kMaxDrsBytes);
    if (!answer && !ends_refresh(answer.error())) {
      events_.problem(place, answer.error().message);
      return {};
    }
    if (!answer) {
      return answer.error();
    }
    std::size_t given = 0;
    const ReadPiece read = [&](std::span<char> out) -> Result<std::size_t> {
      const std::size_t count = answer->copy(out.data(), out.size(), given);
      given += count;
      return count;
    };
    auto object = read_drs_object(read);
    if (object) {
      object->address = url;
    }
    if (!object) {
      events_.problem(place, object.error().message);
      return {};
    }
    return take(*std::move(object), path, place, depth);
  }

  // Where a server tells of an object.
  [[nodiscard]] std::string object_url(const JsonValue& content) const {
    for (const std::string& uri : linked_texts(content, "drs_uri")) {
      if (std::string address = drs_address(uri); !address.empty()) {
        return address;
      }
    }
    const std::string id = linked_text(content, "id");
    const std::string base = manifest_base(text_).folder;
    return id.empty() || !is_web_place(base) ? ""
                                             : base + percent_encode(id, "");
  }

  const ManifestText& text_;
  const ManifestEvents& events_;
  std::uint64_t asked_ = 0;
};

}  // namespace

Result<void> read_drs_manifest(const ManifestText& text,
                               const ManifestEvents& events) {
  auto object = read_drs_object(text.read);
  if (!object) {
    return object.error();
  }
  if (is_web_place(text.place)) {
    object->address = text.place.substr(0, text.place.find_first_of("?#"));
  }
  if (!object->name.empty()) {
    events.about("name", object->name);
  }
  return DrsReader(text, events).take(*std::move(object), "", "/", 0);
}

}  // namespace omicsfs
