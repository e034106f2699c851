// SPDX-License-Identifier: MIT
#include "fetch/extent_use.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace omicsfs {
namespace {

template <typename T>
T load(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

template <typename T>
void store(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

}  // namespace

void ExtentUse::Free::operator()(Cell* cells) const { std::free(cells); }

ExtentUse::ExtentUse(std::uint64_t blocks, std::uint64_t one_use)
    : extents_(extent_count(blocks)),
      one_use_(one_use),
      cells_(static_cast<Cell*>(
          std::calloc(std::max<std::uint64_t>(extents_, 1), sizeof(Cell)))) {
  static_assert(sizeof(Cell) == 16);
  if (cells_ == nullptr) {
    throw std::bad_alloc();
  }
}

void ExtentUse::touch(BlockRun run, Touch touch, std::uint64_t now) {
  for (BlockIndex block = run.first; block < run.end();) {
    const ExtentIndex extent = block / kExtentBlocks;
    const BlockIndex end = std::min(run.end(), (extent + 1) * kExtentBlocks);
    const auto blocks = static_cast<std::uint32_t>(((1U << (end - block)) - 1)
                                                   << (block % kExtentBlocks));
    touch_extent(extent, blocks, touch, now);
    block = end;
  }
}

void ExtentUse::touch_extent(ExtentIndex extent, std::uint32_t blocks,
                             Touch touch, std::uint64_t now) {
  Cell& cell = cells_[extent];
  const std::uint64_t own = load(cell.last_use);
  const std::uint64_t last = own != 0 ? own : earlier_.last_use;
  const std::uint32_t read = load(cell.read_blocks);
  const bool read_before = own != 0 ? (read & blocks) != 0 : last != 0;
  const bool again = touch == Touch::kHit && read_before && now >= last &&
                     now - last >= one_use_;
  if ((again || (own == 0 && earlier_.hot)) && load(cell.hot) == 0) {
    store(cell.hot, 1U);
  }
  if (touch != Touch::kAhead && (read & blocks) != blocks) {
    __atomic_fetch_or(&cell.read_blocks, blocks, __ATOMIC_RELAXED);
  }
  if (own == 0 || now > own + kSoonAfter ||
      (now > own && one_use_ <= kSoonAfter)) {
    store(cell.last_use, now);
  }
}

void ExtentUse::forget(ExtentIndex extent) {
  Cell& cell = cells_[extent];
  store(cell.hot, 0U);
  store(cell.read_blocks, 0U);
  store(cell.last_use,
        std::uint64_t{1});  // not of the time before this session
}

ExtentState ExtentUse::at(ExtentIndex extent) const {
  const Cell& cell = cells_[extent];
  const std::uint64_t own = load(cell.last_use);
  if (own == 0) {
    return {earlier_.last_use, earlier_.hot ? Heat::kHot : Heat::kCold, true};
  }
  return {own, load(cell.hot) != 0 ? Heat::kHot : Heat::kCold,
          load(cell.read_blocks) != 0};
}

}  // namespace omicsfs
