// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_atlas.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"
#include "catalog/refresh_rules.h"
#include "catalog/release_date.h"
#include "catalog/s3_listing.h"
#include "catalog/sources/abc_collection.h"
#include "catalog/sources/abc_manifest.h"
#include "catalog/sources/abc_readme.h"

namespace omicsfs {
namespace {

// The largest real one has 250 KB; a bound that a server's mistake cannot pass.
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20U;
constexpr std::string_view kReleases = "releases/";
constexpr std::string_view kManifest = "/manifest.json";

using ReleaseNames = std::set<std::string, std::greater<>>;  // newest first

std::string base_url_of(const SourceSettings& settings) {
  std::string url = settings.base_url.empty()
                        ? std::string(kAbcAtlas.default_base_url)
                        : settings.base_url;
  if (!url.ends_with('/')) {
    url += '/';
  }
  return url;
}

std::int64_t date_of(std::string_view version) {
  return release_date(version).value_or(kUndated);
}

std::string manifest_path(std::string_view release) {
  return std::string(kReleases) + std::string(release) + std::string(kManifest);
}

// The release whose manifest `key` is; "" for any other key.
std::string_view release_of(std::string_view key) {
  if (!key.starts_with(kReleases) || !key.ends_with(kManifest) ||
      key.size() <= kReleases.size() + kManifest.size()) {
    return "";
  }
  key.remove_prefix(kReleases.size());
  key.remove_suffix(kManifest.size());
  return check_entry_name(key) ? key : "";
}

void warn(const SourceInput& input, const std::string& message) {
  if (input.warn) {
    input.warn(message);
  }
}

Result<ReleaseNames> listed_releases(const SourceInput& input,
                                     const std::string& base_url) {
  const Result<std::vector<S3Object>> objects =
      list_s3(base_url, std::string(kReleases), input.download,
              [&input](const EntryFault& fault) {
                warn(input, "the bucket's list: " + fault.place +
                                ": left out: " + fault.why);
              });
  if (!objects) {
    return objects.error();
  }
  ReleaseNames names;
  for (const S3Object& object : *objects) {
    const std::string_view name = release_of(object.key);
    if (!name.empty()) {
      names.emplace(name);
    }
  }
  if (names.empty()) {
    return Error{ErrorCode::kNotFound,
                 "no releases/<version>/manifest.json below " + base_url};
  }
  return names;
}

Result<ReleaseNames> release_names(const SourceInput& input,
                                   const std::string& base_url) {
  const std::vector<std::string>& wanted = input.settings.releases;
  if (wanted.empty()) {
    return listed_releases(input, base_url);
  }
  for (const std::string& name : wanted) {
    const Result<void> valid = check_entry_name(name);
    if (!valid) {
      return valid.error().within("sources.abc-atlas.releases");
    }
  }
  return ReleaseNames(wanted.begin(), wanted.end());
}

std::string oddity_at(const std::string& path, const std::string& oddity) {
  return path + ": " + oddity;
}

void tell_progress(const SourceInput& input, std::size_t done,
                   std::size_t total) {
  if (input.progress) {
    input.progress("manifests", done, total);
  }
}

Result<AbcRelease> fetch_release(const SourceInput& input,
                                 const std::string& base_url,
                                 const std::string& name) {
  const std::string path = manifest_path(name);
  Result<std::string> document =
      input.download(base_url + percent_encode(path, "/"), kMaxManifestBytes);
  if (!document) {
    return document.error();
  }
  const bool has_urls = input.settings.base_url.empty();
  Result<AbcManifest> manifest = parse_abc_manifest(
      *document, has_urls ? AbcUrls::kNeeded : AbcUrls::kUnused);
  if (!manifest) {
    return manifest.error().within(path);
  }
  for (const std::string& oddity : manifest->warnings) {
    warn(input, oddity_at(path, oddity));
  }
  if (manifest->version != name) {
    warn(input,
         oddity_at(path, "/version: is " + omicsfs::quoted(manifest->version)));
  }
  return AbcRelease{name, *std::move(document), *std::move(manifest)};
}

Result<std::vector<AbcRelease>> fetch_releases(const SourceInput& input,
                                               const std::string& base_url) {
  const Result<ReleaseNames> names = release_names(input, base_url);
  if (!names) {
    return names.error();
  }
  std::vector<AbcRelease> releases;
  EntryTally tally;
  std::size_t done = 0;
  for (const std::string& name : *names) {
    tell_progress(input, done++, names->size());
    Result<AbcRelease> release = fetch_release(input, base_url, name);
    if (release) {
      tally.good();
      releases.push_back(*std::move(release));
    } else if (ends_refresh(release.error())) {
      return release.error();
    } else {
      tally.bad("release " + name, release.error().message);
      warn(input,
           "release " + name + " is left out: " + release.error().message);
    }
  }
  tell_progress(input, names->size(), names->size());
  const auto any = tally.verdict();
  return any ? Result<std::vector<AbcRelease>>(std::move(releases))
             : any.error();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "" : " ";
    text += name;
  }
  return text;
}

// Writes what was collected, the newest release first: a directory that several
// share keeps the newest's date.
class TreeWriter {
 public:
  TreeWriter(const SourceInput& input, const AbcCollection& collection,
             TreeBuilder& tree)
      : input_(input),
        collection_(collection),
        tree_(tree),
        nodes_(collection.variants.size(), NodeId{0}) {}

  Result<void> write_bucket() {
    for (std::size_t index = 0; index < nodes_.size(); ++index) {
      const AbcVariant& variant = collection_.variants[index];
      const Result<void> added =
          variant.in_bucket
              ? add_name(index, variant.path, date_of(variant.version))
              : Result<void>();
      if (auto kept = left_out_if_bad(added, variant.where); !kept) {
        return kept;
      }
    }
    return {};
  }

  // REQUIRES: `index` is the release's in the collection.
  Result<void> write_release(const AbcRelease& release, std::size_t index,
                             std::string_view from) {
    const std::string root = std::string(kReleases) + release.name;
    const std::int64_t date = date_of(release.name);
    Result<void> done =
        add_text(root + "/README.txt", abc_release_readme(release, from), date);
    if (done) {
      done = add_text(root + std::string(kManifest), release.document, date);
    }
    if (done) {
      done = write_directories(release, from);
    }
    return done ? write_views(release, collection_.variant_of[index]) : done;
  }

  Result<void> add_text(const std::string& path, std::string_view text,
                        std::int64_t date) {
    Result<void> parents = date_parents(path, date);
    if (!parents) {
      return parents;
    }
    const Result<NodeId> node = tree_.add_inline_file(path, text, date);
    return node ? Result<void>() : node.error();
  }

 private:
  Result<void> write_directories(const AbcRelease& release,
                                 std::string_view from) {
    for (const AbcDataset& dataset : datasets_of(release.manifest)) {
      const std::string path = std::string(kReleases) + release.name + "/" +
                               dataset.name + "/README.txt";
      Result<void> added =
          add_text(path, abc_directory_readme(release, dataset, from),
                   date_of(release.name));
      if (!added) {
        return added;
      }
    }
    return {};
  }

  Result<void> write_views(const AbcRelease& release,
                           const std::vector<std::size_t>& variants) {
    const std::vector<AbcFile>& files = release.manifest.files;
    for (std::size_t index = 0; index < files.size(); ++index) {
      const AbcFile& file = files[index];
      const std::string path = std::string(kReleases) + release.name + "/" +
                               file.directory + "/" + file.kind + "/" +
                               file.view_path;
      const Result<void> added =
          add_name(variants[index], path, date_of(release.name));
      if (auto kept = left_out_if_bad(added, place_in(release, file)); !kept) {
        return kept;
      }
    }
    return {};
  }

  // A name that cannot be given to a file is left out with a warning.
  Result<void> left_out_if_bad(const Result<void>& added,
                               const std::string& where) {
    if (added || ends_refresh(added.error())) {
      return added ? added : added.error().within(where);
    }
    warn(input_, where + ": left out: " + added.error().message);
    return {};
  }

  // Gives the variant a name, and makes its node with the first one.
  Result<void> add_name(std::size_t index, const std::string& path,
                        std::int64_t directory_date) {
    Result<void> parents = date_parents(path, directory_date);
    if (!parents) {
      return parents;
    }
    if (nodes_[index] != 0) {
      return tree_.add_link(path, nodes_[index]);
    }
    const AbcVariant& variant = collection_.variants[index];
    const Result<NodeId> node =
        tree_.add_file(path, variant.remote, date_of(variant.version));
    if (!node) {
      return node.error();
    }
    nodes_[index] = *node;
    return tree_.set_xattr(*node, "omicsfs.release", joined(variant.releases));
  }

  Result<void> date_parents(std::string_view path, std::int64_t date) {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      const Result<NodeId> directory =
          tree_.add_directory(path.substr(0, slash), date);
      if (!directory) {
        return directory.error();
      }
    }
    return {};
  }

  const SourceInput& input_;
  const AbcCollection& collection_;
  TreeBuilder& tree_;
  std::vector<NodeId> nodes_;  // by variant; 0 = not made yet
};

// What stands at the root beside the files.
Result<void> write_root(const AbcRelease& newest, const std::string& readme,
                        TreeWriter& writer, TreeBuilder& tree) {
  const std::int64_t date = date_of(newest.name);
  Result<void> done = tree.set_readme(readme, date);
  if (done) {
    done = writer.add_text("_downloaded_data.json", "[]", date);
  }
  if (!done) {
    return done;
  }
  const Result<NodeId> latest =
      tree.add_symlink("latest", std::string(kReleases) + newest.name, date);
  return latest ? Result<void>() : latest.error();
}

Result<void> write_tree(const SourceInput& input,
                        const std::vector<AbcRelease>& releases,
                        const AbcCollection& collection, TreeBuilder& tree) {
  const std::string from = base_url_of(input.settings);
  TreeWriter writer(input, collection, tree);
  Result<void> done = writer.write_bucket();
  for (std::size_t index = 0; done && index < releases.size(); ++index) {
    done = writer.write_release(releases[index], index, from);
  }
  return done ? write_root(releases.front(),
                           abc_root_readme(releases, collection, from), writer,
                           tree)
              : done;
}

}  // namespace

Result<SourceSummary> build_abc_atlas(const SourceInput& input,
                                      TreeBuilder& tree) {
  const std::string base_url = base_url_of(input.settings);
  const Result<std::vector<AbcRelease>> releases =
      fetch_releases(input, base_url);
  if (!releases) {
    return releases.error();
  }
  const Result<AbcCollection> collection =
      collect_abc(*releases, input.settings.base_url.empty() ? "" : base_url);
  if (!collection) {
    return collection.error();
  }
  const Result<void> written = write_tree(input, *releases, *collection, tree);
  if (!written) {
    return written.error();
  }
  return SourceSummary{collection->variants.size(), collection->bytes,
                       releases->front().name, releases->size()};
}

}  // namespace omicsfs
