// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_collection.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxCollectionBytes =
    std::numeric_limits<std::int64_t>::max();

// Whether both may describe the same bytes. A digest that one lacks is no
// contradiction: manifests before 2024 have none.
bool agree(const RemoteFile& known, const AbcFile& file) {
  return known.size == file.size &&
         (!known.digest.has_value() || !file.digest.has_value() ||
          known.digest == file.digest);
}

class Collector {
 public:
  explicit Collector(const std::string& base_url) : base_url_(base_url) {}

  Result<void> add(const AbcRelease& release) {
    std::vector<std::size_t>& variants = collection_.variant_of.emplace_back();
    for (const AbcFile& file : release.manifest.files) {
      const Result<std::string> url = url_of(release, file);
      if (!url) {
        return url.error();
      }
      const Result<std::size_t> index = variant_for(release, file);
      if (!index) {
        return index.error();
      }
      merge(release, file, *url, collection_.variants[*index]);
      variants.push_back(*index);
    }
    return {};
  }

  AbcCollection take() {
    for (AbcVariant& variant : collection_.variants) {
      std::reverse(variant.releases.begin(), variant.releases.end());
    }
    return std::move(collection_);
  }

 private:
  [[nodiscard]] Result<std::string> url_of(const AbcRelease& release,
                                           const AbcFile& file) const {
    if (!base_url_.empty()) {
      return base_url_ + percent_encode(file.path, "/");
    }
    if (file.url.empty()) {
      return Error{ErrorCode::kInvalid,
                   place_in(release, file) + "/url: is missing"};
    }
    return file.url;
  }

  Result<std::size_t> variant_for(const AbcRelease& release,
                                  const AbcFile& file) {
    std::vector<std::size_t>& known = by_path_[file.path];
    for (const std::size_t index : known) {
      if (agree(collection_.variants[index].remote, file)) {
        return index;
      }
    }
    if (file.size > kMaxCollectionBytes - collection_.bytes) {
      return Error{
          ErrorCode::kInvalid,
          place_in(release, file) + "/size: the sizes add up to over 2^63-1"};
    }
    collection_.bytes += file.size;
    AbcVariant variant;
    variant.path = file.path;
    variant.version = file.version;
    variant.remote.size = file.size;
    variant.where = place_in(release, file);
    variant.in_bucket = known.empty();
    known.push_back(collection_.variants.size());
    collection_.variants.push_back(std::move(variant));
    return known.back();
  }

  static void merge(const AbcRelease& release, const AbcFile& file,
                    const std::string& url, AbcVariant& variant) {
    RemoteFile& remote = variant.remote;
    if (!remote.digest.has_value()) {
      remote.digest = file.digest;
    }
    if (std::find(remote.urls.begin(), remote.urls.end(), url) ==
        remote.urls.end()) {
      remote.urls.push_back(url);
    }
    // Releases come newest first; a path may stand in one of them twice.
    if (variant.releases.empty() || variant.releases.back() != release.name) {
      variant.releases.push_back(release.name);  // take() turns them round
    }
  }

  const std::string& base_url_;
  AbcCollection collection_;
  std::map<std::string, std::vector<std::size_t>> by_path_;
};

}  // namespace

std::string place_in(const AbcRelease& release, const AbcFile& file) {
  return "releases/" + release.name +
         "/manifest.json: " + printable(file.where, 400);
}

Result<AbcCollection> collect_abc(std::span<const AbcRelease> releases,
                                  const std::string& base_url) {
  Collector collector(base_url);
  for (const AbcRelease& release : releases) {
    const Result<void> added = collector.add(release);
    if (!added) {
      return added.error();
    }
  }
  return collector.take();
}

}  // namespace omicsfs
