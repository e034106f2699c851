// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>

#include "catalog/result.h"
#include "fetch/cache_index.h"
#include "fetch/counters.h"
#include "fetch/eviction.h"
#include "fetch/evictor.h"
#include "fetch/mutex.h"
#include "fetch/use_clock.h"

namespace omicsfs {

// Keeps the cache within its limit and its disk above the free-space floor:
// every byte is reserved here before it is written. Thread-safe.
class CacheSpace {
 public:
  // `open_files` names the files that are open here. `index` and `counters`
  // must outlive it.
  CacheSpace(const std::filesystem::path& dir, CacheLimits limits,
             CacheIndex& index, Counters& counters, ListOpenSpaces open_files);

  // Passes on what a file returns, and grants what it asks for, evicting as
  // `priority` allows. `change.returned` is 0 once the index has taken it.
  // Errors: kNoSpace where that is not enough; kIo, the index has failed.
  Result<void> reserve(const ChargedFile& file, GrantChange& change,
                       Priority priority);
  // Makes room after the disk itself was found full.
  void make_room(std::uint64_t bytes);
  // Evicts what passes the limit, which may have been lowered, or the floor,
  // below which others may have filled the disk.
  void trim();

  [[nodiscard]] const CacheLimits& limits() const { return limits_; }
  [[nodiscard]] std::uint64_t now() const { return clock_.now(); }
  [[nodiscard]] CacheIndex& index() { return index_; }

 private:
  [[nodiscard]] CacheLimits file_limits() const;
  class Turn;  // of the one who evicts
  bool evict(const EvictionOrder& order);

  CacheLimits limits_;
  CacheIndex& index_;
  UseClock clock_;
  Evictor evictor_;

  Mutex mutex_;
  std::condition_variable_any evicted_;
  bool evicting_ GUARDED_BY(mutex_) = false;
  // When it was last found that prefetch may evict nothing.
  std::atomic<std::uint64_t> no_prefetch_at_{0};
};

}  // namespace omicsfs
