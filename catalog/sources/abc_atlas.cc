// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_atlas.h"

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/refresh_rules.h"
#include "catalog/release_date.h"
#include "catalog/sources/abc_collection.h"
#include "catalog/sources/abc_readme.h"
#include "catalog/sources/abc_releases.h"

namespace omicsfs {
namespace {

std::int64_t date_of(std::string_view version) {
  return release_date(version).value_or(kUndated);
}

void warn(const SourceInput& input, const std::string& message) {
  if (input.warn) {
    input.warn(message);
  }
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
    const std::string root = std::string(kAbcReleases) + release.name;
    const std::int64_t date = date_of(release.name);
    Result<void> done =
        add_text(root + "/README.txt", abc_release_readme(release, from), date);
    if (done) {
      done = add_text(root + std::string(kAbcManifest), release.document, date);
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
      const std::string path = std::string(kAbcReleases) + release.name + "/" +
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
      const std::string path = std::string(kAbcReleases) + release.name + "/" +
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
      tree.add_symlink("latest", std::string(kAbcReleases) + newest.name, date);
  return latest ? Result<void>() : latest.error();
}

Result<void> write_tree(const SourceInput& input,
                        const std::vector<AbcRelease>& releases,
                        const AbcCollection& collection, TreeBuilder& tree) {
  const std::string from = abc_base_url(input.settings);
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
  const std::string base_url = abc_base_url(input.settings);
  const Result<std::vector<AbcRelease>> releases =
      fetch_abc_releases(input, base_url);
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
