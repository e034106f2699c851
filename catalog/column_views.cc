// SPDX-License-Identifier: MIT
#include "catalog/column_views.h"

#include <fmt/format.h>

#include <unordered_map>

#include "catalog/archive_tree.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

// The members of an archive by the paths at which they stand.
using MembersByPath = std::unordered_map<std::string, const ArchiveMember*>;

MembersByPath members_by_path(const ArchiveMembers& members) {
  MembersByPath by_path;
  for (const ArchiveMember& member : members) {
    if (!member.is_directory()) {
      by_path.insert_or_assign(member_path(member.name), &member);
    }
  }
  return by_path;
}

Result<ArrayFile> array_at(const ArchiveAccess& archives,
                           const std::shared_ptr<const RemoteFile>& archive,
                           const MembersByPath& members,
                           const std::string& path) {
  const auto member = members.find(path);
  if (member == members.end()) {
    return Error{ErrorCode::kInvalid,
                 "there is no member " + omicsfs::quoted(path)};
  }
  auto array = member_array(archives, archive, *member->second);
  return array && !array->header
             ? Error{ErrorCode::kUnsupported, array->why_unreadable}
             : array;
}

}  // namespace

ArraysByName member_arrays(const ArchiveAccess& archives,
                           const std::shared_ptr<const RemoteFile>& archive,
                           const ArchiveMembers& members,
                           const ColumnTable& table) {
  const MembersByPath by_path = members_by_path(members);
  ArraysByName arrays;
  for (const auto& [name, blocks] : table) {
    const auto& array =
        arrays
            .emplace(name, array_at(archives, archive, by_path, name + ".npy"))
            .first->second;
    if (!array && ends_refresh(array.error())) {
      break;
    }
  }
  return arrays;
}

Result<void> ColumnViews::told(const std::string& place,
                               const Error& error) const {
  if (ends_refresh(error)) {
    return error;
  }
  fault_(place, error);
  return {};
}

Result<void> ColumnViews::add(const std::string& directory,
                              const ArrayFile& array,
                              const std::vector<ColumnBlock>& blocks) {
  if (!array.header) {
    return {};
  }
  const auto files = column_files(array.file, *array.header, blocks);
  if (!files) {
    return told(directory, files.error());
  }
  if (files->size() < blocks.size()) {
    fault_(
        directory,
        {ErrorCode::kInvalid,
         fmt::format("{} of its blocks of columns: it has {} columns",
                     blocks.size() - files->size(), array.header->shape[1])});
  }
  for (const ColumnFile& column : *files) {
    const std::string path = fmt::format("{}/{}", directory, column.name);
    const auto node = tree_.add_file(path, column.file, array.mtime);
    if (auto added = node ? Result<void>() : told(path, node.error()); !added) {
      return added;
    }
  }
  return {};
}

Result<void> ColumnViews::add_table(const std::string& directory,
                                    const ArraysByName& arrays,
                                    const ColumnTable& table) {
  for (const auto& [name, array] : arrays) {
    const std::string place =
        name.empty() ? directory : fmt::format("{}/{}", directory, name);
    auto added =
        array ? add(place, *array, table.at(name)) : told(place, array.error());
    if (!added) {
      return added;
    }
  }
  return {};
}

}  // namespace omicsfs
