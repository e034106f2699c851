// SPDX-License-Identifier: MIT
#include "catalog/remote_file.h"

#include <span>
#include <string_view>
#include <vector>

#include "catalog/url_identity.h"

namespace omicsfs {
namespace {

// NUL occurs in none of the parts, so they cannot run together.
template <typename Parts>
std::string hash_of(const Parts& parts) {
  std::string identity;
  for (const std::string& part : parts) {
    identity += (identity.empty() ? "" : std::string(1, '\0')) + part;
  }
  return digest_of(DigestKind::kSha256, std::as_bytes(std::span(identity))).hex;
}

std::string key_of(std::string_view kind,
                   const std::vector<std::string>& parts) {
  return std::string(kind) + "-" + hash_of(parts);
}

// Bytes that nobody has checked are those of the servers that may send them.
std::string url_key(const RemoteFile& file, const std::string& version) {
  std::vector<std::string> parts{
      file.urls.empty() ? "" : object_url(file.urls.front()), version,
      std::to_string(file.size)};
  const std::vector<std::string> publishers = publishers_of(file.urls);
  if (publishers.size() > 1) {
    parts.insert(parts.end(), publishers.begin(), publishers.end());
  }
  return key_of("url", parts);
}

}  // namespace

bool columns_fit(const RemoteFile& file) {
  const ColumnPlace& place = *file.columns;
  const RemoteFile& array = *place.array;
  const bool has_stretch = place.width > 0 && place.offset < place.row_bytes &&
                           place.width <= place.row_bytes - place.offset;
  if (!has_stretch || array.columns || file.size < place.header.size() ||
      array.size < place.rows_offset) {
    return false;
  }
  const std::uint64_t bytes = file.size - place.header.size();
  return bytes % place.width == 0 &&
         bytes / place.width <=
             (array.size - place.rows_offset) / place.row_bytes;
}

std::string verified_key(const RemoteFile& file) {
  if (file.columns || file.member || !file.local_path.empty() || !file.digest ||
      !names_content(file.digest->kind)) {
    return "";
  }
  return std::string(digest_kind_name(file.digest->kind)) + "-" +
         file.digest->hex + "-" + std::to_string(file.size);
}

std::string content_key(const RemoteFile& file) {
  const std::string size = std::to_string(file.size);
  if (file.columns.has_value()) {
    const ColumnPlace& place = *file.columns;
    return key_of(
        "columns",
        {content_key(*place.array), std::to_string(place.rows_offset),
         std::to_string(place.row_bytes), std::to_string(place.offset),
         std::to_string(place.width), size, place.header});
  }
  if (file.member.has_value()) {
    const MemberPlace& place = *file.member;
    return key_of("member", {content_key(*place.archive),
                             std::to_string(place.header_offset),
                             std::to_string(place.compressed_size),
                             std::to_string(static_cast<int>(place.method)),
                             size, file.digest ? to_string(*file.digest) : ""});
  }
  if (const std::string verified = verified_key(file); !verified.empty()) {
    constexpr std::size_t kServerDigits = 16;
    return verified + "-" +
           hash_of(publishers_of(file.urls)).substr(0, kServerDigits);
  }
  // A CRC tells versions apart, though no more.
  const std::string version =
      file.digest ? to_string(*file.digest) : file.validator;
  if (!file.local_path.empty()) {
    return key_of("local", {file.local_path, version, size});
  }
  return url_key(file, version);
}

}  // namespace omicsfs
