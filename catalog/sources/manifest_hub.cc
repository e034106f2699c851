// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"
#include "catalog/json_elements.h"
#include "catalog/percent_encoding.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

// The files of the Hub are redirected to urls that are good for a while
// (fetch/resolve_url.h).
constexpr std::string_view kRedirected = "redirect:";
// As many names does the Hub tell at a time; where the rest is, a header says.
constexpr std::uint64_t kHubPage = 1000;
constexpr std::string_view kApi = "/api/";
constexpr std::string_view kTree = "/tree/";

// The folder of the files of the tree at `place`, as in
// https://h/api/datasets/o/n/tree/rev?…: https://h/datasets/o/n/resolve/rev/.
// Models stand under /api/models/ and at the root. "" of another place.
std::string hub_folder(std::string_view place) {
  place = place.substr(0, place.find_first_of("?#"));
  const std::size_t api = place.find(kApi);
  const std::size_t tree = place.find(kTree);
  const bool known = is_web_place(place) && api != std::string_view::npos &&
                     tree != std::string_view::npos && api < tree;
  if (!known) {
    return "";
  }
  constexpr std::string_view kModels = "models/";
  std::string_view repository =
      place.substr(api + kApi.size(), tree - api - kApi.size());
  if (repository.starts_with(kModels)) {
    repository.remove_prefix(kModels.size());
  }
  std::string_view revision = place.substr(tree + kTree.size());
  revision = revision.substr(0, revision.find('/'));
  return std::string(place.substr(0, api + 1))
      .append(repository)
      .append("/resolve/")
      .append(revision)
      .append("/");
}

Result<std::string> member_text(const JsonValue& value, std::string_view key) {
  const auto member = value.at(key);
  return member ? member->as_string() : member.error();
}

// What large file storage says of a file, where it keeps it.
Result<void> read_large(ManifestEntry& entry, const JsonValue& lfs) {
  const auto digest = member_text(lfs, "oid");
  if (!digest) {
    return digest.error();
  }
  auto added = add_digest(entry, "sha256", *digest);
  return added ? added : lfs.error(added.error().message);
}

Result<void> read_hub_file(ManifestEntry& entry, const JsonValue& value,
                           const std::string& folder) {
  auto path = member_text(value, "path");
  const auto member = value.at("size");
  const auto size = member ? member->as_size() : member.error();
  if (!path || !size) {
    return path ? size.error() : path.error();
  }
  entry.path = *std::move(path);
  entry.size = *size;
  entry.urls.push_back(std::string(kRedirected)
                           .append(folder)
                           .append(percent_encode(entry.path, "/")));
  if (const auto oid = value.find("oid")) {
    entry.validator = oid->as_string() ? *oid->as_string() : "";
  }
  const auto lfs = value.find("lfs");
  return lfs ? read_large(entry, *lfs) : Result<void>();
}

}  // namespace

Result<void> read_hub_manifest(const ManifestText& text,
                               const ManifestEvents& events) {
  const std::string folder =
      text.base.empty() ? hub_folder(text.place) : text.base;
  if (!is_web_place(folder)) {
    return Error{
        ErrorCode::kInvalid,
        "it is not known where the files of this tree are: set "
        "sources.manifest.base_url to "
        "https://huggingface.co/datasets/OWNER/NAME/resolve/REVISION/"};
  }
  std::uint64_t names = 0;
  const auto take = [&](const JsonElement& one) -> Result<void> {
    ++names;
    const auto type = member_text(one.value, "type");
    if (!type) {
      events.problem(one.place(), type.error().message);
      return {};
    }
    if (*type == "directory") {
      return {};
    }
    ManifestEntry entry;
    return give_entry(events, entry, one.place(),
                      read_hub_file(entry, one.value, folder));
  };
  auto done = stream_json_elements(text.read, {take});
  if (done && names != 0 && names % kHubPage == 0) {
    events.odd("/" + std::to_string(names),
               "what follows the names that the Hub tells at a time is not "
               "read; there may be more files");
  }
  return done;
}

}  // namespace omicsfs
