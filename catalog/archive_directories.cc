// SPDX-License-Identifier: MIT
#include "catalog/archive_directories.h"

#include <fmt/format.h>

#include "catalog/archive_tree.h"
#include "catalog/entry_name.h"
#include "catalog/in_order.h"
#include "catalog/last_known.h"
#include "catalog/refresh_rules.h"

namespace omicsfs {
namespace {

constexpr std::string_view kArchiveSuffix = ".d";

Result<void> add_to(const std::string& directory,
                    const std::shared_ptr<const RemoteFile>& archive,
                    const ArchiveMembers& members, const SourceInput& input,
                    TreeBuilder& tree) {
  if (const auto made = tree.add_directory(directory); !made) {
    return made.error();
  }
  const auto added =
      add_archive(tree, directory, {archive, members, input.warn});
  return added ? Result<void>() : added.error();
}

}  // namespace

std::string archive_directory(std::string_view path) {
  return fmt::format("{}{}", path, kArchiveSuffix);
}

// Of many files of one table it is held once.
std::shared_ptr<const ColumnTable> ArchiveDirectories::kept(
    const ColumnTable& columns) const {
  if (columns.empty()) {
    return nullptr;
  }
  const auto last = found_.empty() ? nullptr : found_.back().columns;
  return last && *last == columns
             ? last
             : std::make_shared<const ColumnTable>(columns);
}

void ArchiveDirectories::see(const AddedFile& added) {
  const FileView& view = added.view;
  std::string path(added.path);
  const bool has_members = view.members_at
                               ? !view.members_at->empty()
                               : choice_.has(path) && !view.is_array();
  const bool is_part = added.file.member || added.file.columns;
  if (is_part || (!has_members && view.columns.empty())) {
    return;
  }
  std::string directory = view.members_at && has_members
                              ? *view.members_at
                              : archive_directory(path);
  found_.push_back({std::move(path),
                    std::make_shared<const RemoteFile>(added.file), added.mtime,
                    std::move(directory), has_members, kept(view.columns)});
}

// Tells why it stays a file alone, where the refresh can go on.
Result<void> ArchiveDirectories::refused(const Found& found, const Error& error,
                                         const SourceInput& input) {
  // A directory that is there is not given up for a server that fails.
  const bool is_kept =
      found.columns || was_known(input.before, found.directory);
  if (error.code == ErrorCode::kInterrupted ||
      (is_kept && ends_refresh(error))) {
    return error;
  }
  input.warn(fmt::format("{} is not shown as a directory: {}",
                         omicsfs::quoted(found.path), error.message));
  return {};
}

ArchiveDirectories::Contents ArchiveDirectories::contents_of(
    const Found& found, const ArchiveAccess& archives) {
  Contents contents;
  if (found.is_array()) {
    contents.arrays.emplace("", file_array(archives, found.file, found.mtime));
    return contents;
  }
  contents.members = archives.list(*found.file);
  if (contents.members && found.columns) {
    contents.arrays =
        member_arrays(archives, found.file, *contents.members, *found.columns);
  }
  return contents;
}

Result<void> ArchiveDirectories::add_one(const Found& found,
                                         const Contents& contents,
                                         const SourceInput& input,
                                         TreeBuilder& tree,
                                         ColumnViews& views) {
  const std::string& directory = found.directory;
  const auto free = tree.check_free(directory);
  if (!free || !contents.members) {
    return refused(found, free ? contents.members.error() : free.error(),
                   input);
  }
  auto added = found.has_members ? add_to(directory, found.file,
                                          *contents.members, input, tree)
                                 : Result<void>();
  return added && found.columns
             ? views.add_table(directory, contents.arrays, *found.columns)
             : added;
}

Result<void> ArchiveDirectories::add(const SourceInput& input,
                                     TreeBuilder& tree) const {
  ColumnViews views(
      tree, [&input](const std::string& place, const Error& error) {
        input.warn(fmt::format("the columns at {} are not shown: {}",
                               omicsfs::quoted(place), error.message));
      });
  return values_in_order(
      found_.size(), kReadAtOnce,
      [&](std::size_t index) {
        return contents_of(found_[index], *input.archives);
      },
      [&](std::size_t index, const Contents& contents) {
        input.progress("archives", index, found_.size());
        return add_one(found_[index], contents, input, tree, views);
      });
}

}  // namespace omicsfs
