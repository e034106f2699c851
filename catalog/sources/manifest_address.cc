// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_address.h"

#include <algorithm>
#include <optional>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/percent_encoding.h"
#include "catalog/s3_listing.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kBucket = "s3://";
constexpr std::string_view kHub = "hf://";
constexpr std::string_view kPublicHub = "https://huggingface.co/";
constexpr std::string_view kHubTree = "/tree/";
constexpr std::uint64_t kMaxRevisionBytes = std::uint64_t{64} << 20U;
constexpr std::size_t kCommitDigits = 40;

// The first name of `path`, which loses it and the slash behind it.
std::string_view take_name(std::string_view& path) {
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(name.size() + 1, path.size()));
  return name;
}

Result<std::string> bucket_address(std::string_view place,
                                   const Endpoints& endpoints) {
  std::string folder;
  std::string_view rest = place.substr(kBucket.size());
  const std::string_view bucket = take_name(rest);
  if (!rest.empty()) {
    folder = std::string(rest) + (rest.ends_with('/') ? "" : "/");
  }
  const auto root =
      web_url(std::string(kBucket).append(bucket).append("/"), endpoints);
  return root ? Result<std::string>(s3_page_url(*root, folder, ""))
              : root.error();
}

Error no_repository(std::string_view place) {
  return {ErrorCode::kInvalid,
          omicsfs::quoted(place) +
              " names no repository: hf://datasets/OWNER/NAME, "
              "hf://datasets/OWNER/NAME@REVISION and "
              "hf://datasets/OWNER/NAME@REVISION/FOLDER do"};
}

// The kind that `rest` begins with, which it loses.
std::string_view take_hub_kind(std::string_view& rest) {
  for (const std::string_view known : {"datasets", "models", "spaces"}) {
    if (rest == known || rest.starts_with(std::string(known) + "/")) {
      take_name(rest);
      return known;
    }
  }
  return "models";
}

// The revision that `rest` begins with, which it loses, decoded. A name such as
// refs/convert/parquet has slashes of its own. None where it is broken.
std::optional<std::string> take_revision(std::string_view& rest) {
  std::string revision;
  const std::string_view begun = rest;
  const std::size_t names =
      begun.starts_with("refs/convert/") || begun.starts_with("refs/pr/") ? 3
                                                                          : 1;
  for (std::size_t name = 0; name < names; ++name) {
    revision += revision.empty() ? "" : "/";
    revision += take_name(rest);
  }
  return percent_decode(revision, PlusSign::kItself);
}

// The repository at the start of `rest`, which it loses, and with it what
// stands behind an '@'; whether there was one.
std::string take_repository(std::string_view& rest, bool& has_revision) {
  std::string repository;
  for (int names = 0; names < 2 && !rest.empty() && !has_revision; ++names) {
    const std::string_view name = rest.substr(0, rest.find_first_of("/@"));
    repository += names == 0 ? "" : "/";
    repository += name;
    rest.remove_prefix(name.size());
    has_revision = rest.starts_with('@');
    rest.remove_prefix(rest.empty() ? 0 : 1);
  }
  return repository;
}

std::string hub_address(const HubPlace& hub, const Endpoints& endpoints) {
  std::string address(endpoints.hub.empty() ? kPublicHub : endpoints.hub);
  address.append("api/").append(hub.kind).append("/");
  address.append(percent_encode(hub.repository, "/")).append(kHubTree);
  address.append(percent_encode(hub.revision, ""));
  if (!hub.folder.empty()) {
    address.append("/").append(percent_encode(hub.folder, "/"));
  }
  return address.append("?recursive=true&expand=false");
}

bool is_commit(std::string_view text) {
  return text.size() == kCommitDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<HubPlace> parse_hub_place(std::string_view place) {
  if (!place.starts_with(kHub)) {
    return no_repository(place);
  }
  std::string_view rest = place.substr(kHub.size());
  while (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  HubPlace hub;
  hub.kind = take_hub_kind(rest);
  bool has_revision = false;
  hub.repository = take_repository(rest, has_revision);
  const auto revision =
      has_revision ? take_revision(rest) : std::optional<std::string>("main");
  hub.folder = rest;
  const bool valid = split_path(hub.repository) && revision &&
                     split_path(*revision) &&
                     (hub.folder.empty() || split_path(hub.folder));
  if (!valid) {
    return no_repository(place);
  }
  hub.revision = *revision;
  return hub;
}

bool is_collection(std::string_view place) {
  return place.starts_with(kBucket) || place.starts_with(kHub);
}

Result<std::string> manifest_address(std::string_view place,
                                     const Endpoints& endpoints) {
  if (place.starts_with(kBucket)) {
    return bucket_address(place, endpoints);
  }
  if (!place.starts_with(kHub)) {
    return std::string(place);
  }
  const auto hub = parse_hub_place(place);
  return hub ? Result<std::string>(hub_address(*hub, endpoints)) : hub.error();
}

Result<std::string> pinned_address(const std::string& address,
                                   const Download& download) {
  const std::size_t path_end = std::min(address.find('?'), address.size());
  const std::size_t tree = address.find(kHubTree);
  const bool known = is_web_place(address) && tree < path_end &&
                     address.substr(0, tree).find("/api/") != std::string::npos;
  if (!known) {
    return address;
  }
  std::string_view revision = std::string_view(address).substr(
      tree + kHubTree.size(), path_end - tree - kHubTree.size());
  revision = revision.substr(0, revision.find('/'));
  if (is_commit(revision)) {
    return address;
  }
  const auto answer =
      download(address.substr(0, tree).append("/revision/").append(revision),
               kMaxRevisionBytes);
  if (!answer) {
    return answer.error().code == ErrorCode::kNotFound
               ? Result<std::string>(address)
               : answer.error();
  }
  const auto value = JsonValue::parse(*answer);
  const auto member = value ? value->at("sha") : value.error();
  const auto commit = member ? member->as_string() : member.error();
  if (!commit || !is_commit(*commit)) {
    return Error{ErrorCode::kInvalid,
                 printable(address, 200) + ": the server names no commit"};
  }
  std::string pinned = address;
  return pinned.replace(tree + kHubTree.size(), revision.size(), *commit);
}

}  // namespace omicsfs
