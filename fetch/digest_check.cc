// SPDX-License-Identifier: MIT
#include "fetch/digest_check.h"

#include <span>
#include <vector>

#include "catalog/crc32c.h"

namespace omicsfs {

FileVerdict digest_agrees(CachedFile& file, const BlocksInMemory& memory,
                          const std::stop_token& stop) {
  const auto& published = file.remote().digest;
  FileVerdict found;
  if (!published) {
    return found;
  }
  DigestHasher hasher(published->kind);
  std::vector<std::byte> buffer(kBlockBytes);
  found.crcs.reserve(file.blocks());
  for (BlockIndex block = 0; block < file.blocks(); ++block) {
    if (!memory.empty() && memory[block] != nullptr) {
      const auto bytes = memory[block]->block_bytes(block);
      hasher.update(bytes);
      found.crcs.push_back(crc32c(bytes));
      continue;
    }
    const ByteRange bytes = bytes_of({block, 1}, file.remote().size);
    const std::span<std::byte> out(buffer.data(), bytes.length);
    if (stop.stop_requested() || file.load({block, 1}, out) == block) {
      return found;
    }
    hasher.update(out);
    found.crcs.push_back(crc32c(out));
  }
  found.verdict = hasher.finish() == *published ? DigestVerdict::kAgrees
                                                : DigestVerdict::kDiffers;
  return found;
}

}  // namespace omicsfs
