// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/cache_index.h"
#include "fs/settings.h"

namespace omicsfs {

// What is in the cache, and how much more may be.
struct CacheState {
  CacheSettings settings;
  std::uint64_t disk_free = 0;  // bytes free on the cache's disk
  IndexTotals totals;
  std::vector<CacheReport> reports;  // what went wrong, oldest first
  std::string
      trouble;  // why this user's mounts cache nothing; "" = all is well
};

// A cache that is not there yet is empty, and is not made. One that this user
// cannot use is told of as its trouble.
// Errors: kIo, kCorrupt: the cache's index cannot be read.
Result<CacheState> read_cache_state(const CacheSettings& settings);

[[nodiscard]] std::string cache_state_text(const CacheState& state);
[[nodiscard]] std::string cache_state_json(const CacheState& state);

}  // namespace omicsfs
