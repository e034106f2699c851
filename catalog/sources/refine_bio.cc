// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_bio.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "catalog/archive_tree.h"
#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/last_known.h"
#include "catalog/refresh_rules.h"
#include "catalog/sources/refine_download.h"
#include "catalog/sources/refine_readme.h"
#include "catalog/sources/refine_records.h"

namespace omicsfs {
namespace {

// What one download brings to experiments/ or species/: the files of a
// directory of its own.
struct RefineFolder {
  const RefineDownload* download = nullptr;
  std::vector<std::pair<std::string, NodeId>> files;  // by name
};
using RefineFolders = std::map<std::string, RefineFolder>;

class RefineTree {
 public:
  RefineTree(const SourceInput& input, TreeBuilder& tree)
      : input_(input), tree_(tree) {}

  // `downloads` are newest first.
  Result<SourceSummary> build(const std::vector<RefineDownload>& downloads);

 private:
  Result<void> add(const RefineDownload& download);
  Result<void> describe(const RefineDownload& download, std::string_view path,
                        NodeId node);
  Result<void> add_views(const RefineDownload& download);
  Result<void> add_folder(const std::string& view, const std::string& name,
                          const RefineFolder& folder);
  Result<void> add_text(const std::string& path, const std::string& text);

  const SourceInput& input_;
  TreeBuilder& tree_;
  SourceSummary summary_;
  RefineFolders folders_;  // of the download that is being added
  std::set<std::string> taken_;
};

// The property of a catalog that says where the archive at `place` stands.
std::string property_of(std::string_view place) {
  return std::string("archive ").append(place);
}

std::string joined_path(const std::string& directory, const std::string& name) {
  return directory + "/" + name;
}

std::string view_of(const RefineMetadata& metadata) {
  if (metadata.is_compendium() || metadata.quant_sf_only) {
    return "";
  }
  return metadata.aggregate_by == "EXPERIMENT" ? "experiments"
         : metadata.aggregate_by == "SPECIES"  ? "species"
                                               : "";
}

Result<void> RefineTree::add_text(const std::string& path,
                                  const std::string& text) {
  const auto node = tree_.add_inline_file(path, text, kUndated);
  return node ? Result<void>() : node.error();
}

// Attributes of a download's file: which it is, and of what.
Result<void> RefineTree::describe(const RefineDownload& download,
                                  std::string_view path, NodeId node) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"omicsfs.release",
       download.metadata.is_compendium()
           ? download.organism + " v" +
                 std::to_string(*download.metadata.compendium_version)
           : download.id},
      {"refinebio.created_at", download.metadata.created_at},
      {"refinebio.scale_by", download.metadata.scale_by},
      {"refinebio.quantile_normalized", download.metadata.quantile_normalized},
  };
  const std::string folder(path.substr(0, path.find('/')));
  const auto experiment = download.metadata.experiments.find(folder);
  if (experiment != download.metadata.experiments.end()) {
    const RefineExperiment& about = experiment->second;
    facts.emplace_back("refinebio.title", about.title);
    facts.emplace_back("refinebio.technology", about.technology);
    facts.emplace_back("refinebio.organism", joined(about.organisms));
    facts.emplace_back("refinebio.samples",
                       std::to_string(about.samples.size()));
  }
  for (const auto& [name, value] : facts) {
    if (value.empty()) {
      continue;
    }
    if (auto set = tree_.set_xattr(node, name, value); !set) {
      return set;
    }
  }
  return {};
}

Result<void> RefineTree::add(const RefineDownload& download) {
  std::string directory = download.directory();
  for (int further = 2; !taken_.insert(directory).second; ++further) {
    directory = download.directory() + "-" + std::to_string(further);
  }
  folders_.clear();
  const auto on_member = [&](const ArchiveMember& /*member*/,
                             const std::string& path,
                             NodeId node) -> Result<void> {
    const std::size_t slash = path.find('/');
    if (slash != std::string::npos && path.find('/', slash + 1) == path.npos) {
      folders_[path.substr(0, slash)].files.emplace_back(path.substr(slash + 1),
                                                         node);
    }
    return describe(download, path, node);
  };
  const auto totals =
      add_archive(tree_, directory,
                  {download.archive, download.members, input_.warn, on_member});
  if (!totals) {
    return totals.error();
  }
  const auto whole = tree_.add_file(directory + ".zip", *download.archive,
                                    download.created_at);
  if (!whole) {
    return whole.error();
  }
  if (auto set =
          tree_.set_property(property_of(download.place), directory + ".zip");
      !set) {
    return set;
  }
  summary_.files += totals->files + 1;
  summary_.bytes += totals->bytes + download.archive->size;
  if (auto described =
          add_refine_records(tree_, download, directory, *input_.archives);
      !described) {
    return described;
  }
  return add_views(download);
}

// The download's part of experiments/ or species/, where no newer one has it.
Result<void> RefineTree::add_views(const RefineDownload& download) {
  const std::string view = view_of(download.metadata);
  if (view.empty()) {
    return {};
  }
  if (view == "experiments") {
    for (const auto& [accession, about] : download.metadata.experiments) {
      folders_[accession];  // also one of which nothing was made
    }
  }
  for (auto& [name, folder] : folders_) {
    folder.download = &download;
    if (!check_entry_name(name)) {
      input_.warn("the experiment " + omicsfs::quoted(name) + " is left out");
      continue;
    }
    if (!taken_.insert(joined_path(view, name)).second) {
      continue;
    }
    if (auto added = add_folder(view, name, folder); !added) {
      return added;
    }
  }
  return {};
}

Result<void> RefineTree::add_folder(const std::string& view,
                                    const std::string& name,
                                    const RefineFolder& folder) {
  const std::string directory = view + "/" + name;
  bool has_matrix = false;
  std::set<std::string> names;
  for (const auto& [file, node] : folder.files) {
    has_matrix = has_matrix || file == name + ".tsv";
    names.insert(file);
    if (auto linked = tree_.add_link(joined_path(directory, file), node);
        !linked) {
      return linked;
    }
  }
  if (!has_matrix && !names.contains("MISSING.txt")) {
    if (auto told = add_text(directory + "/MISSING.txt",
                             refine_missing_text(*folder.download, name));
        !told) {
      return told;
    }
  }
  if (names.contains("README.txt")) {
    return {};
  }
  return add_text(directory + "/README.txt",
                  refine_folder_readme(*folder.download, view, name));
}

Result<SourceSummary> RefineTree::build(
    const std::vector<RefineDownload>& downloads) {
  for (const char* name : {"datasets", "experiments", "species", "compendia",
                           "compendia/normalized", "compendia/rna-seq"}) {
    if (auto made = tree_.add_directory(name, kUndated); !made) {
      return made.error();
    }
  }
  for (const RefineDownload& download : downloads) {
    if (auto added = add(download); !added) {
      return added.error().within(download.id);
    }
  }
  if (auto told = tree_.set_readme(refine_root_readme(downloads), input_.now);
      !told) {
    return told.error();
  }
  summary_.releases = downloads.size();
  summary_.newest_release = downloads.empty() ? "" : downloads.front().id;
  return summary_;
}

// The archive as the catalog that is there knows it.
std::optional<RemoteFile> known_archive(const Snapshot* before,
                                        const std::string& place) {
  const auto path = last_known_property(before, property_of(place));
  return path ? last_known_file(before, *path) : std::nullopt;
}

// Errors: the error that the refresh ends with.
Result<void> leave_out(const ArchiveItem& item, const Error& error,
                       EntryTally& tally, const SourceInput& input) {
  if (item.must_be_read || error.code == ErrorCode::kInterrupted) {
    return error;
  }
  if (ends_refresh(error)) {
    return Error{error.code,
                 error.message +
                     "; the catalog stays as it is. If this archive is gone "
                     "for good, take it out of the settings, or run `omicsfs "
                     "remove refine-bio` with it"};
  }
  tally.bad(told_place(item.place), error.message);
  input.warn(told_place(item.place) + ": left out: " + error.message);
  return {};
}

void warn_if_kept(const RefineDownload& download, const SourceInput& input) {
  if (!download.kept_because.empty()) {
    input.warn(told_place(download.place) +
               ": stands as it did before: " + download.kept_because);
  }
}

// Those that can be read, newest first.
Result<std::vector<RefineDownload>> read_all(const SourceInput& input) {
  const auto& items = input.settings.archives;
  std::vector<RefineDownload> downloads;
  EntryTally tally;
  std::set<std::string_view> seen;
  for (std::size_t index = 0; index < items.size(); ++index) {
    input.progress("archives", index, items.size());
    const ArchiveItem& item = items[index];
    if (!seen.insert(item.place).second) {
      input.warn(told_place(item.place) + ": left out: it is named twice");
      continue;
    }
    auto download = read_refine_download(
        item, {known_archive(input.before, item.place), input.allow_empty},
        *input.archives);
    if (download) {
      tally.good();
      warn_if_kept(*download, input);
      downloads.push_back(*std::move(download));
    } else if (auto left = leave_out(item, download.error(), tally, input);
               !left) {
      return left.error();
    }
  }
  if (auto any = tally.verdict(); !any) {
    return any.error();
  }
  std::stable_sort(downloads.begin(), downloads.end(),
                   [](const RefineDownload& left, const RefineDownload& right) {
                     return left.created_at > right.created_at;
                   });
  return downloads;
}

}  // namespace

Result<SourceSummary> build_refine_bio(const SourceInput& input,
                                       TreeBuilder& tree) {
  const auto downloads = read_all(input);
  return downloads ? RefineTree(input, tree).build(*downloads)
                   : downloads.error();
}

}  // namespace omicsfs
