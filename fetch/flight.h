// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/fetch_memory.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"
#include "fetch/reading.h"

namespace omicsfs {

// One request's run of blocks on its way. It carries its bytes itself, so that
// who waits is served before they are on disk, and whether or not they could be
// kept there. Memory is taken as bytes arrive. Thread-safe.
class Flight final : public RangeSink {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // Told how many blocks are here, the first `count` of the run, as each
  // becomes whole and the readers have been told; on the transport's thread.
  using OnBlocks = std::function<void(std::uint64_t count)>;
  // Told once, before any waiter can see the end.
  using OnEnd = std::function<void(const Result<void>& result)>;
  // Whether a block may have these bytes, before anybody sees them; on the
  // transport's thread.
  using Accept =
      std::function<bool(BlockIndex block, std::span<const std::byte> bytes)>;

  // `bytes` is what `run` covers of the file. `buffers` must outlive it.
  Flight(BlockRun run, ByteRange bytes, BlockBuffers& buffers,
         FetchBudget::Share share);

  [[nodiscard]] const BlockRun& run() const { return run_; }
  [[nodiscard]] const ByteRange& bytes() const { return bytes_; }
  // REQUIRES: called before the fetch starts.
  void listen(OnBlocks on_blocks, OnEnd on_end, Accept accept = {});

  // Where no byte has come `late` after the request was started, the first who
  // polls for one makes `ask_again` ask a second time.
  void hedge(std::chrono::microseconds late, std::function<void()> ask_again);

  // What a reader of `block` is told of it.
  struct Answer {
    // Success: `block` is here, and all before it. The fetch's error: it ended
    // before. None: `waker` is woken when the reader must ask again.
    std::optional<Result<void>> outcome;
    // It must ask again then in any case.
    TimePoint ask_at = TimePoint::max();
  };
  [[nodiscard]] Answer poll(BlockIndex block,
                            const std::shared_ptr<Waker>& waker);
  // Whether `block` is here, of this flight's run or not.
  [[nodiscard]] bool has(BlockIndex block) const;
  // The bytes of `block`. REQUIRES: it is here: poll(block) or has(block) said
  // so, or OnBlocks.
  [[nodiscard]] std::span<const std::byte> block_bytes(BlockIndex block) const;

  // Whether the fetch ended because a block was not accepted.
  [[nodiscard]] bool was_damaged() const {
    return damaged_.load(std::memory_order_acquire);
  }

  // Whether every block is here.
  [[nodiscard]] bool arrived() const {
    return arrived_.load(std::memory_order_acquire);
  }

  // Somebody waits for it now, or nobody any more.
  void set_awaited(bool awaited) {
    awaited_.store(awaited, std::memory_order_relaxed);
  }
  // The fetch is cancelled.
  void abandon() { abandoned_.store(true, std::memory_order_release); }

  void on_started() override;
  Result<void> on_bytes(std::span<const std::byte> bytes) override;
  void on_done(Result<void> result) override;
  [[nodiscard]] bool wanted() const override {
    return !abandoned_.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool urgent() const override {
    return awaited_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::uint64_t block_length(std::uint64_t index) const;
  bool add_block();
  void publish_block(std::uint64_t index);
  // One who waits for the first `count` blocks.
  struct Waiting {
    std::uint64_t count;
    std::weak_ptr<Waker> waker;
  };
  using AllWaiting = std::list<Waiting>;

  [[nodiscard]] TimePoint ask_again_at() const REQUIRES_LOCK(mutex_);
  [[nodiscard]] std::optional<Result<void>> outcome(std::uint64_t count) const
      REQUIRES_LOCK(mutex_);
  void remember(std::uint64_t count, const std::shared_ptr<Waker>& waker)
      REQUIRES_LOCK(mutex_);
  static void wake(const AllWaiting& all);

  const BlockRun run_;
  const ByteRange bytes_;
  BlockBuffers& buffers_;
  const FetchBudget::Share share_;
  // Grows by one as the first byte of a block comes; never moves, so that
  // those who were told of a block read it without a lock.
  std::vector<BlockBuffers::Block> blocks_;
  OnBlocks on_blocks_;
  OnEnd on_end_;
  Accept accept_;
  std::uint64_t filled_ = 0;  // bytes here; transport's thread only
  std::atomic<bool> arrived_{false};
  std::atomic<bool> damaged_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> awaited_{false};

  mutable Mutex mutex_;
  std::uint64_t blocks_here_ GUARDED_BY(mutex_) = 0;
  AllWaiting waiting_ GUARDED_BY(mutex_);
  std::optional<Result<void>> end_ GUARDED_BY(mutex_);
  std::optional<TimePoint> started_ GUARDED_BY(mutex_);
  std::chrono::microseconds late_ GUARDED_BY(mutex_){0};
  std::function<void()> ask_again_ GUARDED_BY(mutex_);  // while it may
};

}  // namespace omicsfs
