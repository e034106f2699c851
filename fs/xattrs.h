// SPDX-License-Identifier: MIT
#pragma once

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

namespace omicsfs {

struct XattrSubject {
  const Snapshot& snapshot;
  std::string_view source;
  NodeFacts node;
};

// The value of `name` ("user.…"). Errors: kNotFound, no such attribute; those
// of the snapshot.
Result<std::string> xattr_value(const XattrSubject& subject, BlockCache& cache,
                                std::string_view name);
// All names, in a fixed order.
Result<std::vector<std::string>> xattr_list(const XattrSubject& subject);

}  // namespace omicsfs
