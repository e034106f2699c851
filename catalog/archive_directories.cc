// SPDX-License-Identifier: MIT
#include "catalog/archive_directories.h"

#include <memory>
#include <utility>

#include "catalog/archive_tree.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kArchiveSuffix = ".d";

// What is to stand at `directory`, where that can.
Result<ArchiveMembers> members_for(const std::string& directory,
                                   const RemoteFile& file,
                                   const SourceInput& input,
                                   TreeBuilder& tree) {
  const auto free = tree.check_free(directory);
  return free ? input.archives->list(file) : free.error();
}

Result<void> add_to(const std::string& directory, const RemoteFile& file,
                    const ArchiveMembers& members, const SourceInput& input,
                    TreeBuilder& tree) {
  if (const auto made = tree.add_directory(directory); !made) {
    return made.error();
  }
  const auto archive = std::make_shared<const RemoteFile>(file);
  const auto added =
      add_archive(tree, directory, {archive, members, input.warn});
  return added ? Result<void>() : added.error();
}

}  // namespace

void ArchiveDirectories::see(std::string_view path, const RemoteFile& file) {
  if (!file.member && choice_.has(std::string(path))) {
    found_.push_back({std::string(path), file});
  }
}

Result<void> ArchiveDirectories::add(const SourceInput& input,
                                     TreeBuilder& tree) const {
  std::uint64_t done = 0;
  for (const Found& found : found_) {
    input.progress("archives", done++, found_.size());
    const std::string directory = found.path + std::string(kArchiveSuffix);
    const auto members = members_for(directory, found.file, input, tree);
    if (members) {
      auto added = add_to(directory, found.file, *members, input, tree);
      if (!added) {
        return added;
      }
    } else if (members.error().code == ErrorCode::kInterrupted) {
      return members.error();
    } else {
      input.warn(omicsfs::quoted(found.path) +
                 " is not shown as a directory: " + members.error().message);
    }
  }
  return {};
}

}  // namespace omicsfs
