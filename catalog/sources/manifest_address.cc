// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_address.h"

#include <algorithm>

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

Result<std::string> hub_address(std::string_view place,
                                const Endpoints& endpoints) {
  std::string_view rest = place.substr(kHub.size());
  std::string_view revision = "main";
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    revision = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  std::string_view kind = "models";
  for (const std::string_view known : {"datasets", "models", "spaces"}) {
    if (rest.starts_with(known) && rest.substr(known.size()).starts_with('/')) {
      kind = known;
      rest.remove_prefix(known.size() + 1);
      break;
    }
  }
  const auto names = split_path(rest);
  if (!names || names->size() != 2 || revision.empty()) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(place) +
                     " names no repository: hf://datasets/OWNER/NAME or "
                     "hf://datasets/OWNER/NAME@REVISION does"};
  }
  return std::string(endpoints.hub.empty() ? kPublicHub : endpoints.hub)
      .append("api/")
      .append(kind)
      .append("/")
      .append(percent_encode(rest, "/"))
      .append(kHubTree)
      .append(percent_encode(revision, ""))
      .append("?recursive=true&expand=false");
}

bool is_commit(std::string_view text) {
  return text.size() == kCommitDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool is_collection(std::string_view place) {
  return place.starts_with(kBucket) || place.starts_with(kHub);
}

Result<std::string> manifest_address(std::string_view place,
                                     const Endpoints& endpoints) {
  if (place.starts_with(kBucket)) {
    return bucket_address(place, endpoints);
  }
  return place.starts_with(kHub) ? hub_address(place, endpoints)
                                 : Result<std::string>(std::string(place));
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
