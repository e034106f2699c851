// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/byte_source.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"

// Single flight: a run of blocks that is on its way, and those who wait for it.

namespace omicsfs {

// One request's run of blocks. It carries its bytes itself, so that waiters are
// served whether or not the blocks could be kept on disk. Thread-safe.
class Flight final : public RangeSink {
 public:
  // Told of each block as it becomes whole, on the transport's thread.
  using OnBlock =
      std::function<void(BlockIndex block, std::span<const std::byte> bytes)>;
  // Told once, before any waiter can see the end.
  using OnEnd = std::function<void(const Result<void>& result)>;

  // `bytes` is what `run` covers of the file.
  Flight(BlockRun run, ByteRange bytes);

  [[nodiscard]] const BlockRun& run() const { return run_; }
  [[nodiscard]] const ByteRange& bytes() const { return bytes_; }
  // REQUIRES: called before the fetch starts.
  void listen(OnBlock on_block, OnEnd on_end);

  // Waits until `block` is here. Errors: kTimedOut, kInterrupted by `limits`;
  // the fetch's own error where it ended before the block came.
  Result<void> wait_for(BlockIndex block, const ReadLimits& limits);
  // The bytes of `block`. REQUIRES: wait_for(block) succeeded.
  [[nodiscard]] std::span<const std::byte> block_bytes(BlockIndex block) const;

  // Nobody waits any more: the fetch is cancelled.
  void abandon() { abandoned_.store(true, std::memory_order_release); }

  Result<void> on_bytes(std::span<const std::byte> bytes) override;
  void on_done(Result<void> result) override;
  [[nodiscard]] bool wanted() const override {
    return !abandoned_.load(std::memory_order_acquire);
  }

 private:
  [[nodiscard]] std::uint64_t block_end(std::uint64_t index) const;
  void publish_block();

  const BlockRun run_;
  const ByteRange bytes_;
  const std::unique_ptr<std::byte[]> buffer_;
  OnBlock on_block_;
  OnEnd on_end_;
  std::uint64_t filled_ = 0;  // bytes of the buffer; transport's thread only
  std::atomic<bool> abandoned_{false};

  Mutex mutex_;
  std::condition_variable_any arrived_;
  std::uint64_t blocks_here_ GUARDED_BY(mutex_) = 0;
  std::optional<Result<void>> end_ GUARDED_BY(mutex_);
};

// The flights of one file: no block is in two of them. Thread-safe.
class FlightTable {
 public:
  // A part of a read: a block that is present (no flight), or a run of blocks
  // to take from a flight that the caller has now joined.
  struct Part {
    BlockRun run;
    std::shared_ptr<Flight> flight;
    bool is_new = false;  // the caller must start it
  };

  // Splits `wanted`, in order: blocks for which `present` holds, blocks of
  // flights under way, and new flights of at most `max_run` blocks for the
  // rest.
  std::vector<Part> join(BlockRun wanted, std::uint64_t max_run,
                         std::uint64_t file_size,
                         const std::function<bool(BlockIndex)>& present);
  // The caller waits no more. The last to leave an unfinished flight cancels
  // it.
  void leave(const std::shared_ptr<Flight>& flight);
  // The flight has ended; later readers do not find it.
  void finish(const Flight& flight);

 private:
  struct Entry {
    std::shared_ptr<Flight> flight;
    unsigned waiters = 0;
  };
  using Entries = std::map<BlockIndex, Entry>;  // by first block

  // The flight that carries `block`, or null.
  static std::shared_ptr<Flight> covering(const Entries& entries,
                                          BlockIndex block);
  void add_part(std::vector<Part>& parts, BlockIndex block,
                const std::shared_ptr<Flight>& flight) REQUIRES_LOCK(mutex_);
  void launch(std::vector<Part>& parts, BlockRun run, std::uint64_t file_size)
      REQUIRES_LOCK(mutex_);

  Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
