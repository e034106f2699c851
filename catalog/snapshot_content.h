// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/snapshot_pool.h"
#include "catalog/snapshot_writer.h"

namespace omicsfs {

// The content `id`, with the archive or the array that it lies in. Errors:
// kCorrupt, there is none, or none such as a writer makes; kIo.
Result<RemoteFile> content_at(SnapshotConnection& connection, ContentId id);

}  // namespace omicsfs
