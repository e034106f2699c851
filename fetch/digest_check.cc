// SPDX-License-Identifier: MIT
#include "fetch/digest_check.h"

namespace omicsfs {

DigestVerdict digest_agrees(CachedFile& file, const BlocksInMemory& memory,
                            const std::stop_token& stop) {
  const auto& published = file.remote().digest;
  if (!published) {
    return DigestVerdict::kUnknown;
  }
  DigestHasher hasher(published->kind);
  std::vector<std::byte> buffer(kBlockBytes);
  for (BlockIndex block = 0; block < file.blocks(); ++block) {
    if (!memory.empty() && memory[block] != nullptr) {
      hasher.update(memory[block]->block_bytes(block));
      continue;
    }
    const ByteRange bytes = bytes_of({block, 1}, file.remote().size);
    const std::span<std::byte> out(buffer.data(), bytes.length);
    if (stop.stop_requested() || file.load({block, 1}, out) == block) {
      return DigestVerdict::kUnknown;
    }
    hasher.update(out);
  }
  return hasher.finish() == *published ? DigestVerdict::kAgrees
                                       : DigestVerdict::kDiffers;
}

}  // namespace omicsfs
