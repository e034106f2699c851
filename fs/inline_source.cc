// SPDX-License-Identifier: MIT
#include "fs/inline_source.h"

#include <cstring>
#include <string>

namespace omicsfs {

Result<void> InlineSource::read_at(std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const ReadLimits& /*limits*/) {
  const auto bytes = snapshot_->inline_bytes(node_.id, offset, out.size());
  if (!bytes) {
    return bytes.error();
  }
  if (bytes->size() != out.size()) {
    return Error{ErrorCode::kCorrupt, "snapshot: inline file cut short"};
  }
  std::memcpy(out.data(), bytes->data(), out.size());
  return {};
}

}  // namespace omicsfs
