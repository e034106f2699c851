// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/snapshot.h"
#include "fetch/block_cache.h"

// Extended attributes. Of every node: user.omicsfs.source. Of a remote file
// also user.omicsfs.{url,size,digest,cached_bytes,verified}, and
// user.omicsfs.urls, which is not listed; and whatever the source gave the
// node, user.omicsfs.release among them. A file whose last read failed also has
// user.omicsfs.error (FileSystem).
//
// A symlink has none: Linux gives user attributes to files and directories
// only, and programs that copy attributes (rsync -X) fail where a link lists
// one. What does not fit into the limits of xattr(7) is left out: names over
// 255 bytes, and names from where the list has 64 KiB. Values over 64 KiB are
// cut, and end in "…".

namespace omicsfs {

struct XattrSubject {
  const Snapshot& snapshot;
  std::string_view source;
  NodeFacts node;
};

// Bytes of the list that are left for attributes which others add.
inline constexpr std::size_t kXattrListReserve = 256;

// The value of `name` ("user.…"). Errors: kNotFound, no such attribute; those
// of the snapshot.
Result<std::string> xattr_value(const XattrSubject& subject, BlockCache& cache,
                                std::string_view name);
// All names that fit, in a fixed order.
Result<std::vector<std::string>> xattr_list(const XattrSubject& subject);

}  // namespace omicsfs
