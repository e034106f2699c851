// SPDX-License-Identifier: MIT
#include "catalog/array_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "catalog/archive_tree.h"

namespace omicsfs {
namespace {

constexpr std::string_view kSavezMember = "arr_0.npy";  // of numpy.savez

// The one member that is an array; of several the one that numpy.savez names.
Result<ArrayFile> sole_array(const ArchiveAccess& archives,
                             const std::shared_ptr<const RemoteFile>& archive,
                             const ArchiveMembers& members) {
  const ArchiveMember* found = nullptr;
  for (const ArchiveMember& member : members) {
    const bool named = member.name == kSavezMember;
    if (named || (members.size() == 1 && member.name.ends_with(".npy"))) {
      found = &member;
    }
  }
  if (found == nullptr || found->size == 0) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("it holds no {}", kSavezMember)};
  }
  return member_array(archives, archive, *found);
}

}  // namespace

Result<NpyHeader> read_npy_header(const ArchiveAccess& archives,
                                  const RemoteFile& file) {
  if (file.size < kNpyPrefixBytes) {
    return Error{ErrorCode::kInvalid, "it is too short for an array"};
  }
  std::string bytes(kNpyPrefixBytes, '\0');
  auto read = archives.read(file, 0, bytes);
  if (!read) {
    return read.error();
  }
  const auto length = npy_header_length(bytes);
  if (!length) {
    return length.error();
  }
  if (*length > file.size) {
    return Error{ErrorCode::kInvalid, "it ends within its header"};
  }
  bytes.resize(std::max(*length, kNpyPrefixBytes));
  read = archives.read(file, 0, bytes);
  return read ? parse_npy_header(bytes) : read.error();
}

Result<ArrayFile> member_array(const ArchiveAccess& archives,
                               const std::shared_ptr<const RemoteFile>& archive,
                               const ArchiveMember& member) {
  RemoteFile file = member_file(archive, member);
  file.is_mapped = true;
  ArrayFile array{std::make_shared<const RemoteFile>(std::move(file)),
                  member.mtime, member.why_unreadable};
  if (member.method == MemberMethod::kUnreadable) {
    return array;
  }
  auto header = read_npy_header(archives, *array.file);
  if (!header) {
    return header.error();
  }
  array.header = *std::move(header);
  return array;
}

Result<ArrayFile> file_array(const ArchiveAccess& archives,
                             const std::shared_ptr<const RemoteFile>& file,
                             std::int64_t mtime) {
  auto header = read_npy_header(archives, *file);
  return header
             ? Result<ArrayFile>(ArrayFile{file, mtime, "", *std::move(header)})
             : header.error();
}

Result<ArrayFile> array_within(const ArchiveAccess& archives,
                               const std::shared_ptr<const RemoteFile>& file,
                               std::int64_t mtime) {
  const auto members = archives.list(*file);
  if (members) {
    return sole_array(archives, file, *members);
  }
  if (members.error().code != ErrorCode::kInvalid) {
    return members.error();
  }
  // No archive: numpy.save writes the array itself to whatever name.
  auto array = file_array(archives, file, mtime);
  return array || ends_refresh(array.error()) ? array : members.error();
}

}  // namespace omicsfs
