// SPDX-License-Identifier: MIT
#include "fetch/fetch_memory.h"

#include <sys/mman.h>

#include <new>

namespace omicsfs {
namespace {

// Mapped one by one: malloc would keep what is freed for itself. All of a block
// is about to be written.
std::byte* map_block() {
  void* const place = ::mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (place == MAP_FAILED) {
    throw std::bad_alloc();
  }
  return static_cast<std::byte*>(place);
}

void unmap_block(std::byte* block) { ::munmap(block, kBlockBytes); }

}  // namespace

FetchBudget::Share FetchBudget::take(std::uint64_t bytes) {
  used_.fetch_add(bytes, std::memory_order_relaxed);
  return {*this, bytes};
}

FetchBudget::Share FetchBudget::try_take(std::uint64_t bytes) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used > ahead_ || bytes > ahead_ - used) {
      return {};
    }
  } while (!used_.compare_exchange_weak(used, used + bytes,
                                        std::memory_order_relaxed));
  return {*this, bytes};
}

BlockBuffers::~BlockBuffers() {
  for (std::byte* const block : kept_) {
    unmap_block(block);
  }
}

BlockBuffers::Block BlockBuffers::take() {
  {
    const MutexLock lock(mutex_);
    if (!kept_.empty()) {
      std::byte* const block = kept_.back();
      kept_.pop_back();
      least_kept_ = std::min(least_kept_, kept_.size());
      return Block(block, GiveBack{this});
    }
  }
  return Block(map_block(), GiveBack{this});
}

void BlockBuffers::give_back(std::byte* block) {
  {
    const MutexLock lock(mutex_);
    if (kept_.size() < keep_) {
      kept_.push_back(block);
      return;
    }
  }
  unmap_block(block);
}

void BlockBuffers::trim() {
  std::vector<std::byte*> unused;
  {
    const MutexLock lock(mutex_);
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(least_kept_);
    unused.assign(kept_.begin(), end);
    kept_.erase(kept_.begin(), end);
    least_kept_ = kept_.size();
  }
  for (std::byte* const block : unused) {
    unmap_block(block);
  }
}

}  // namespace omicsfs
