// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "catalog/npy_header.h"
#include "catalog/refresh_rules.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/source.h"

// Arrays of numpy's in files and in members of archives, as a refresh finds
// them: of each no more than its header is read.

namespace omicsfs {

struct ArrayFile {
  std::shared_ptr<const RemoteFile> file;
  std::int64_t mtime = 0;
  std::string why_unreadable{};       // of a member; "" where it can be read
  std::optional<NpyHeader> header{};  // none of one that is unreadable
};

// The header that `file` begins with. Errors: those of ArchiveAccess::read and
// of parse_npy_header; kInvalid, it is too short for one.
Result<NpyHeader> read_npy_header(const ArchiveAccess& archives,
                                  const RemoteFile& file);

// The array that is `member` of `archive`. Errors: those of read_npy_header,
// but of an unreadable one, of which nothing is read.
Result<ArrayFile> member_array(const ArchiveAccess& archives,
                               const std::shared_ptr<const RemoteFile>& archive,
                               const ArchiveMember& member);

// The array that `file`, dated `mtime`, is itself. Errors: those of
// read_npy_header.
Result<ArrayFile> file_array(const ArchiveAccess& archives,
                             const std::shared_ptr<const RemoteFile>& file,
                             std::int64_t mtime);

// The array in `file`: the one member of an archive, of several the one that
// numpy.savez names; or the file itself, whatever its name says.
// Errors: those of ArchiveAccess and of read_npy_header; kInvalid, it holds no
// such member.
Result<ArrayFile> array_within(const ArchiveAccess& archives,
                               const std::shared_ptr<const RemoteFile>& file,
                               std::int64_t mtime);

}  // namespace omicsfs
