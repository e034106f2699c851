// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "catalog/result.h"
#include "fetch/cache_index.h"
#include "fetch/counters.h"
#include "fetch/eviction.h"

namespace omicsfs {

struct CacheLimits {
  std::uint64_t limit = 0;      // bytes that the cache may take
  std::uint64_t keep_free = 0;  // bytes that its disk must keep free
};

// Keeps the cache within its limit and its disk above the free-space floor:
// every byte is reserved here before it is written. Thread-safe.
class CacheSpace {
 public:
  // `index` and `counters` must outlive it.
  CacheSpace(std::filesystem::path dir, CacheLimits limits, CacheIndex& index,
             Counters& counters);

  // Reserves `bytes` more for the file `key` of `size` bytes, evicting files
  // that nobody has open, those used longest ago first.
  // Errors: kNoSpace where that is not enough; kIo.
  Result<void> reserve(const std::string& key, std::uint64_t size,
                       std::uint64_t bytes);
  // Makes room after the disk itself was found full.
  void make_room(std::uint64_t bytes);

  [[nodiscard]] const CacheLimits& limits() const { return limits_; }

 private:
  // Bytes freed.
  std::uint64_t evict(std::uint64_t bytes);

  std::filesystem::path dir_;
  CacheLimits limits_;
  CacheIndex& index_;
  Counters& counters_;
};

}  // namespace omicsfs
