// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/digest.h"

namespace omicsfs {

// All that must be known to fetch a published file and to know it again.
struct RemoteFile {
  std::vector<std::string> urls;  // http(s), in the order to try; never empty
  std::uint64_t size = 0;         // bytes, exact
  std::optional<Digest> digest;   // of the whole file, where published
  // Without a digest: what tells this version from another (an ETag or a date
  // that the index stated); may be empty.
  std::string validator;
};

// The name of the file's bytes in the block cache: files with equal keys hold
// equal bytes. With a digest "<kind>-<hex>-<size>"; else "url-" and the
// SHA-256 of the first url, the validator and the size. Only [a-z0-9-].
[[nodiscard]] std::string content_key(const RemoteFile& file);

}  // namespace omicsfs
