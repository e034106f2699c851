// SPDX-License-Identifier: MIT
#include "catalog/node_number.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "catalog/stable_hash.h"
#include "catalog/url_identity.h"

namespace omicsfs {
namespace {

// Seeds of the hashes; parts of what numbers are made of.
enum Seed : std::uint64_t {
  kDirectorySeed = 1,
  kBytesSeed,
  kTargetSeed,
  kDigestSeed,
  kMemberSeed,
  kColumnsSeed,
  kPlaceSeed,
  kPathSeed,
};

std::string_view before_query(std::string_view url) {
  return url.substr(0, url.find('?'));
}

// A query counts only where nothing else tells versions apart, and then without
// the signature in it, which is another each time.
NodeIdentity place_identity(const RemoteFile& file,
                            std::optional<std::int64_t> told) {
  const std::string version =
      file.digest ? to_string(*file.digest) : file.validator;
  const std::string_view url =
      file.urls.empty() ? std::string_view() : file.urls.front();
  const bool has_version = !version.empty() || told;
  StableHash hash(kPlaceSeed);
  hash.add(file.local_path)
      .add(has_version ? std::string(before_query(url))
                       : object_url(std::string(url)))
      .add(version)
      .add(file.size);
  if (version.empty() && told) {
    hash.add(static_cast<std::uint64_t>(*told));
  }
  return hash.value();
}

NodeIdentity member_identity(const RemoteFile& file) {
  const MemberPlace& place = *file.member;
  return StableHash(kMemberSeed)
      .add(file_identity(*place.archive, std::nullopt))
      .add(place.header_offset)
      .add(place.compressed_size)
      .add(static_cast<std::uint64_t>(place.method))
      .add(file.size)
      .add(file.digest ? to_string(*file.digest) : "")
      .value();
}

NodeIdentity columns_identity(const RemoteFile& file) {
  const ColumnPlace& place = *file.columns;
  return StableHash(kColumnsSeed)
      .add(file_identity(*place.array, std::nullopt))
      .add(place.rows_offset)
      .add(place.row_bytes)
      .add(place.offset)
      .add(place.width)
      .add(place.header)
      .add(file.size)
      .value();
}

}  // namespace

NodeIdentity directory_identity() { return StableHash(kDirectorySeed).value(); }

NodeIdentity bytes_identity(std::string_view bytes) {
  return StableHash(kBytesSeed).add(bytes).value();
}

NodeIdentity target_identity(std::string_view target) {
  return StableHash(kTargetSeed).add(target).value();
}

NodeIdentity file_identity(const RemoteFile& file,
                           std::optional<std::int64_t> told) {
  if (file.columns) {
    return columns_identity(file);
  }
  if (file.member) {
    return member_identity(file);
  }
  if (file.digest && names_content(file.digest->kind)) {
    return StableHash(kDigestSeed)
        .add(static_cast<std::uint64_t>(file.digest->kind))
        .add(file.digest->hex)
        .add(file.size)
        .value();
  }
  return place_identity(file, told);
}

NodeIdentity path_identity(NodeIdentity parent, std::string_view name) {
  return StableHash(kPathSeed).add(parent).add(name).value();
}

std::vector<std::uint32_t> number_nodes(std::span<std::uint64_t> identities) {
  constexpr unsigned kSpareBits = 64 - kNodeNumberBits;
  // Numbers that are taken move others up, and never past the last one.
  constexpr NodeNumber kHighest = kMaxNodeNumber - (NodeNumber{1} << 32U);
  std::vector<std::uint32_t> order(identities.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t left, std::uint32_t right) {
              return identities[left] != identities[right]
                         ? identities[left] < identities[right]
                         : left < right;
            });
  NodeNumber last = 0;
  for (const std::uint32_t index : order) {
    const NodeNumber wanted =
        std::min(identities[index] >> kSpareBits, kHighest);
    last = std::max(wanted, last + 1);
    identities[index] = last;
  }
  return order;
}

}  // namespace omicsfs
