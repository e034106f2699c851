// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/archive_member.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// A member as a file of its own.
[[nodiscard]] RemoteFile member_file(std::shared_ptr<const RemoteFile> archive,
                                     const ArchiveMember& member);

// Where a member stands below its archive's directory: its names, each cleaned
// (clean_entry_name), without empty ones and "."; ".." is a name like another.
// "" where nothing is left. Pure.
[[nodiscard]] std::string member_path(std::string_view name);

struct ArchiveTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // unpacked
};

// What add_archive tells of: the member, its path below the archive's
// directory, and its node.
using OnMember = std::function<Result<void>(
    const ArchiveMember& member, const std::string& path, NodeId node)>;

// An archive that is to become a directory.
struct ArchiveContent {
  std::shared_ptr<const RemoteFile> archive;
  const ArchiveMembers& members;
  const std::function<void(std::string)>& warn;
  OnMember on_member{};  // may be empty
};

// Puts the members of an archive below `directory` ("" = the root). Of several
// of one name the last stands, as unpacking them in order would leave it; what
// cannot stand (a file in the place of a directory, a path too long) is left
// out; `warn` is told of it. A symbolic link stands where it leads to something
// in the archive (archive_links.h); else it is a file that cannot be read. What
// is unreadable has an xattr omicsfs.unreadable that says why. `on_member` is
// told of each file. Errors: those of TreeBuilder and `on_member`.
Result<ArchiveTotals> add_archive(TreeBuilder& tree, std::string_view directory,
                                  const ArchiveContent& content);

}  // namespace omicsfs
