// SPDX-License-Identifier: MIT
#include "fetch/hint_list.h"

#include <algorithm>
#include <cstddef>

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxBlocks = HintList::kMaxBytes / kBlockBytes;

bool holds(const BlockRun& run, BlockIndex block) {
  return block >= run.first && block < run.end();
}

// REQUIRES: they overlap.
ByteRange common(ByteRange a, ByteRange b) {
  const std::uint64_t start = std::max(a.offset, b.offset);
  return {start, std::min(a.end(), b.end()) - start};
}

}  // namespace

bool HintList::is_new(BlockIndex block) const {
  return !holds(seen_, block) &&
         std::none_of(ranges_.begin(), ranges_.end(),
                      [block](const ByteRange& range) {
                        return holds(blocks_of(range), block);
                      });
}

void HintList::add(ByteRange range) {
  range = clip(range, file_size_);
  const BlockRun wanted = blocks_of(range);
  // A range far longer than the list may be is looked at no further.
  const BlockIndex end = wanted.first + std::min(wanted.count, 2 * kMaxBlocks);
  const std::size_t before = ranges_.size();
  for (BlockIndex block = wanted.first; block < end; ++block) {
    if (!is_new(block)) {
      continue;
    }
    if (blocks_ == kMaxBlocks) {
      return;
    }
    ++blocks_;
    const ByteRange part = common(bytes_of({block, 1}, file_size_), range);
    if (ranges_.size() > before && ranges_.back().end() == part.offset) {
      ranges_.back().length += part.length;
    } else {
      ranges_.push_back(part);
    }
  }
}

}  // namespace omicsfs
