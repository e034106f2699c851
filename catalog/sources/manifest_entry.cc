// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_entry.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"
#include "catalog/rfc3339.h"
#include "catalog/sources/manifest_view.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

// As Linux has them: XATTR_NAME_MAX less "user.", XATTR_SIZE_MAX.
constexpr std::size_t kMaxUrls = 256;
constexpr std::size_t kMaxAttributeName = 250;
constexpr std::size_t kMaxAttributeValue = 65'536;
constexpr std::string_view kOwnAttributes = "omicsfs.";

// What finds least comes first.
constexpr std::array<DigestKind, 6> kByStrength = {
    DigestKind::kCrc32, DigestKind::kCrc32c, DigestKind::kMd5,
    DigestKind::kSha1,  DigestKind::kSha256, DigestKind::kSha512};

std::ptrdiff_t strength(DigestKind kind) {
  return std::find(kByStrength.begin(), kByStrength.end(), kind) -
         kByStrength.begin();
}

Result<void> check_attribute(const std::string& name,
                             const std::string& value) {
  const auto named = check_entry_name(name);
  if (!named) {
    return named.error().within("an attribute's name");
  }
  if (name.size() > kMaxAttributeName || name.starts_with(kOwnAttributes)) {
    return Error{ErrorCode::kInvalid,
                 "the attribute " + omicsfs::quoted(name) +
                     " may not be set: it is longer than 250 bytes, or one of "
                     "omicsfs itself"};
  }
  if (value.size() > kMaxAttributeValue) {
    return Error{ErrorCode::kInvalid, "the attribute " + omicsfs::quoted(name) +
                                          " is longer than 65536 bytes"};
  }
  return {};
}

}  // namespace

ManifestBase manifest_base(const ManifestText& text) {
  const bool told = !text.base.empty() || text.place.empty();
  return {told ? text.base : folder_of(text.place), text.endpoints};
}

Result<void> add_url(ManifestEntry& entry, std::string_view url,
                     const Endpoints& endpoints) {
  auto address = web_url(url, endpoints);
  if (!address) {
    return address.error();
  }
  // Each url is compared with all before it.
  const bool is_new = entry.urls.size() < kMaxUrls &&
                      std::find(entry.urls.begin(), entry.urls.end(),
                                *address) == entry.urls.end();
  if (is_new) {
    entry.urls.push_back(*std::move(address));
  }
  return {};
}

Result<void> add_origin(ManifestEntry& entry, std::string_view reference,
                        const ManifestBase& base) {
  if (has_scheme(reference)) {
    return add_url(entry, reference, base.endpoints);
  }
  if (auto names = split_path(reference); !names) {
    return names.error();
  }
  const std::string& folder = base.folder;
  if (folder.empty()) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(reference) +
                     " is relative, and it is not known to what"};
  }
  if (is_web_place(folder)) {
    return add_url(entry, folder + percent_encode(reference, "/"), {});
  }
  entry.local_path = std::string(folder).append(reference);
  return {};
}

Result<void> add_digest(ManifestEntry& entry, std::string_view kind,
                        std::string_view text) {
  auto digest = stated_digest(kind, text);
  if (!digest) {
    return digest.error();
  }
  const bool better =
      *digest && (!entry.digest ||
                  strength((*digest)->kind) > strength(entry.digest->kind));
  if (better) {
    entry.digest = *std::move(digest);
  }
  return {};
}

Result<std::uint64_t> parse_manifest_size(std::string_view text) {
  std::int64_t size = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || stop != end || size < 0 || text[0] == '-') {
    return Error{ErrorCode::kInvalid,
                 "the size " + omicsfs::quoted(text) +
                     " is no whole number from 0 to 2^63-1"};
  }
  return static_cast<std::uint64_t>(size);
}

Result<void> check_manifest_entry(const ManifestEntry& entry) {
  if (auto names = split_path(entry.path); !names) {
    return names.error();
  }
  const int origins = (entry.urls.empty() ? 0 : 1) +
                      (entry.local_path.empty() ? 0 : 1) + (entry.data ? 1 : 0);
  if (origins != 1) {
    return Error{ErrorCode::kInvalid,
                 origins == 0 ? "it tells of no url, path or data"
                              : "it tells of urls, a path beside the manifest "
                                "and data, of which only one may be"};
  }
  if (entry.data && entry.size && *entry.size != entry.data->size()) {
    return Error{ErrorCode::kInvalid, "its data have " +
                                          std::to_string(entry.data->size()) +
                                          " bytes, and it is to have " +
                                          std::to_string(*entry.size)};
  }
  if (entry.data && entry.digest &&
      digest_of(entry.digest->kind, std::as_bytes(std::span(*entry.data))) !=
          *entry.digest) {
    return Error{ErrorCode::kInvalid,
                 "its data have another " +
                     std::string(digest_kind_name(entry.digest->kind)) +
                     " than is told"};
  }
  for (const auto& [name, value] : entry.attributes) {
    if (auto checked = check_attribute(name, value); !checked) {
      return checked;
    }
  }
  return check_manifest_view(entry);
}

std::string name_of_url(std::string_view url) {
  return clean_entry_name(url_name(url));
}

std::optional<std::int64_t> manifest_date(std::string_view text) {
  constexpr std::size_t kDayLength = 10;
  std::string whole(text);
  if (text.size() == kDayLength) {
    whole += "T00:00:00Z";
  }
  return parse_rfc3339(whole);
}

Result<void> give_entry(const ManifestEvents& events, ManifestEntry& entry,
                        const std::string& place, const Result<void>& read) {
  const Result<void> checked = read ? check_manifest_entry(entry) : read;
  if (checked) {
    return events.file(entry, place);
  }
  const bool odd = checked.error().code == ErrorCode::kUnsupported;
  (odd ? events.odd : events.problem)(place, checked.error().message);
  return {};
}

}  // namespace omicsfs
