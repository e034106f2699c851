// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/archive_member.h"
#include "catalog/result.h"
#include "fetch/byte_source.h"

namespace omicsfs {

// What a zip archive holds, in the order of its directory (APPNOTE.TXT 4.3.12;
// ZIP64 as well). Reads its tail, the directory and what ends it, and the
// targets of symbolic links. Members that are encrypted or packed by another
// method than deflate are listed as unreadable.
// Errors: those of `archive`; kInvalid, no zip archive, or one in parts.
Result<ArchiveMembers> list_zip(ByteSource& archive, const ReadLimits& limits);

}  // namespace omicsfs
