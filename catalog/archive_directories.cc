// SPDX-License-Identifier: MIT
#include "catalog/archive_directories.h"

#include <memory>
#include <utility>

#include "catalog/archive_tree.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kSuffix = ".d";

}  // namespace

void ArchiveDirectories::see(std::string_view path, const RemoteFile& file) {
  if (!file.member && choice_.has(std::string(path))) {
    found_.push_back({std::string(path), file});
  }
}

Result<void> ArchiveDirectories::add(const SourceInput& input,
                                     TreeBuilder& tree) const {
  std::uint64_t done = 0;
  for (const auto& [path, file] : found_) {
    input.progress("archives", done++, found_.size());
    const std::string directory = path + std::string(kSuffix);
    const auto refused = [&](const std::string& why) {
      input.warn(omicsfs::quoted(path) +
                 " is not shown as a directory: " + why);
    };
    if (const auto free = tree.check_free(directory); !free) {
      refused(free.error().message);
      continue;
    }
    const auto members = input.archives->list(file);
    if (!members && members.error().code == ErrorCode::kInterrupted) {
      return members.error();
    }
    if (!members) {
      refused(members.error().message);
      continue;
    }
    if (auto made = tree.add_directory(directory); !made) {
      return made.error();
    }
    const auto added = add_archive(
        tree, directory,
        {std::make_shared<const RemoteFile>(file), *members, input.warn});
    if (!added) {
      return added.error();
    }
  }
  return {};
}

}  // namespace omicsfs
