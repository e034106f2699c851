// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fetch/byte_source.h"
#include "fetch/cache_index.h"
#include "fetch/cache_space.h"
#include "fetch/cached_file.h"
#include "fetch/counters.h"
#include "fetch/file_charge.h"
#include "fetch/flight.h"
#include "fetch/housekeeper.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"

namespace omicsfs {

// A file's own failures, of interest beyond the read that meets them.
using OnReport = std::function<void(const CacheReport& report)>;

// What every cached source uses; outlives them all. `index`, `space` are null
// where the cache directory cannot be used: everything is then read uncached.
struct CacheServices {
  std::filesystem::path dir;
  CacheIndex* index = nullptr;
  CacheSpace* space = nullptr;
  Housekeeper* housekeeper = nullptr;
  RangeFetcher* fetcher = nullptr;
  Counters* counters = nullptr;
  OnReport report;
};

// One remote file read through the block cache; one object a file, shared by
// all who have it open. Thread-safe.
class CachedSource final : public ByteSource,
                           public std::enable_shared_from_this<CachedSource> {
 public:
  // The unit of one request: 8 MiB.
  static constexpr std::uint64_t kMaxRunBlocks = 128;
  // Up to this size a file's digest is checked before the read that completes
  // it returns: hashing it costs a few tens of milliseconds at most.
  static constexpr std::uint64_t kCheckBeforeReply = 16 << 20;

  CachedSource(RemoteFile remote, const CacheServices& services);
  ~CachedSource() override;

  // Takes up what is on disk; blocks until that is done, for whoever calls.
  void attach();

  [[nodiscard]] const CachedFile& file() const { return file_; }
  [[nodiscard]] bool verified() const {
    return check_.load(std::memory_order_acquire) == Check::kPassed;
  }
  [[nodiscard]] bool has_failed() const {
    return failed_.load(std::memory_order_acquire);
  }
  // The failure that makes every read of this object fail, if there is one.
  [[nodiscard]] std::optional<Error> failure() const;

  [[nodiscard]] std::uint64_t size() const override {
    return file_.remote().size;
  }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override;

 private:
  enum class Check { kNone, kRunning, kPassed, kFailed };
  struct Window;  // a read's range and buffer

  Result<void> read_blocks(const Window& window, const ReadLimits& limits);
  Result<std::uint64_t> read_once(const Window& window, BlockIndex from,
                                  const ReadLimits& limits);
  Result<void> take_from_flight(const FlightTable::Part& part,
                                const Window& window, const ReadLimits& limits);
  BlockIndex take_present(BlockRun run, const Window& window);
  bool take_from_disk(BlockIndex block, const Window& window);
  void start(const std::shared_ptr<Flight>& flight);
  bool may_store(const BlockRun& run);
  void end_flight(const Flight& flight, const Result<void>& result);

  [[nodiscard]] bool needs_check() const;
  void check_later();
  Result<void> check_before_reply(const ReadLimits& limits);
  void check_digest(const std::stop_token& stop);
  void settle_check(Check outcome);
  void fail(const Error& error);

  CachedFile file_;
  const CacheServices& services_;
  FlightTable flights_;
  FileCharge charge_;
  std::once_flag attached_;
  std::atomic<Check> check_{Check::kNone};
  std::atomic<bool> disk_was_full_{false};
  std::atomic<bool> failed_{false};

  mutable Mutex mutex_;
  std::condition_variable_any checked_;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
