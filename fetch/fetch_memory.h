// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/mutex.h"

// The memory of what is on its way: one budget and one store of buffers for all
// files of a cache.

namespace omicsfs {

// Bytes that fetches may hold in memory at a time. What a reader waits for is
// always admitted, and counts; what is fetched ahead is admitted only within
// `ahead`, at most the limit. Thread-safe.
class FetchBudget {
 public:
  FetchBudget(std::uint64_t limit, std::uint64_t ahead)
      : limit_(limit), ahead_(std::min(ahead, limit)) {}
  FetchBudget(const FetchBudget&) = delete;
  FetchBudget& operator=(const FetchBudget&) = delete;

  // A share of the budget, given back at its end.
  class Share {
   public:
    Share() = default;
    Share(FetchBudget& budget, std::uint64_t bytes)
        : budget_(&budget), bytes_(bytes) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) {
        budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
      }
    }
    // Whether it was granted.
    [[nodiscard]] bool granted() const { return budget_ != nullptr; }

   private:
    FetchBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  [[nodiscard]] Share take(std::uint64_t bytes);
  // For what is fetched ahead; not granted where it would pass its limit.
  [[nodiscard]] Share try_take(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t used() const {
    return used_.load(std::memory_order_relaxed);
  }

 private:
  const std::uint64_t limit_;
  const std::uint64_t ahead_;
  std::atomic<std::uint64_t> used_{0};
};

// Buffers of one block each. Those given back are kept for the next user, up to
// `keep` bytes, as fresh memory is slow: the system clears each page of it.
// What nobody needs goes back to the system by trim(). Thread-safe.
class BlockBuffers {
 public:
  explicit BlockBuffers(std::uint64_t keep) : keep_(keep / kBlockBytes) {
    kept_.reserve(keep_);  // to give one back needs no memory
  }
  ~BlockBuffers();
  BlockBuffers(const BlockBuffers&) = delete;
  BlockBuffers& operator=(const BlockBuffers&) = delete;

  struct GiveBack {
    BlockBuffers* buffers = nullptr;
    void operator()(std::byte* block) const { buffers->give_back(block); }
  };
  // kBlockBytes of memory. REQUIRES: given back before the end of this.
  using Block = std::unique_ptr<std::byte[], GiveBack>;

  // Throws std::bad_alloc where the system has no memory left.
  [[nodiscard]] Block take();
  // Gives back to the system what lay unused since the last call.
  void trim();

 private:
  void give_back(std::byte* block);

  const std::size_t keep_;
  Mutex mutex_;
  std::vector<std::byte*> kept_ GUARDED_BY(mutex_);
  std::size_t least_kept_ GUARDED_BY(mutex_) = 0;  // since the last trim()
};

}  // namespace omicsfs
