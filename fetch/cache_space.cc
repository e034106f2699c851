// SPDX-License-Identifier: MIT
#include "fetch/cache_space.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <utility>

#include "fetch/cached_file.h"

namespace omicsfs {
namespace {

std::uint64_t free_on_disk(const std::filesystem::path& dir) {
  struct statvfs facts {};
  if (::statvfs(dir.c_str(), &facts) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

}  // namespace

CacheSpace::CacheSpace(std::filesystem::path dir, CacheLimits limits,
                       CacheIndex& index, Counters& counters)
    : dir_(std::move(dir)),
      limits_(limits),
      index_(index),
      counters_(counters) {}

Result<void> CacheSpace::reserve(const std::string& key, std::uint64_t size,
                                 std::uint64_t bytes) {
  // Another process may take what an eviction freed, hence the second round.
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    // The index is on the same disk and counts too.
    const std::uint64_t own = index_.own_bytes();
    const std::uint64_t limit = limits_.limit > own ? limits_.limit - own : 0;
    if (bytes > limit) {
      break;
    }
    std::uint64_t over =
        deficit({limit, 0, limits_.keep_free, free_on_disk(dir_)}, bytes);
    if (over == 0) {
      auto passed = index_.charge(key, size, bytes, limit);
      if (!passed) {
        return passed.error();
      }
      if (*passed == 0) {
        return {};
      }
      over = *passed;
    }
    if (evict(eviction_target(over, limit)) == 0) {
      break;
    }
  }
  return Error{ErrorCode::kNoSpace, "the cache has no room for " + key};
}

void CacheSpace::make_room(std::uint64_t bytes) { evict(bytes); }

std::uint64_t CacheSpace::evict(std::uint64_t bytes) {
  constexpr std::size_t kBatch = 64;
  std::uint64_t freed = 0;
  std::uint64_t after_use = 0;
  while (freed < bytes) {
    const auto candidates = index_.least_recent(after_use, kBatch);
    if (!candidates || candidates->empty()) {
      break;
    }
    for (const IndexedFile& file : *candidates) {
      after_use = file.last_use;
      if (freed >= bytes) {
        break;
      }
      // A file that is gone, or was never written, frees its charge alone.
      if (remove_cached(dir_, file.key) && index_.forget(file.key)) {
        freed += std::max<std::uint64_t>(file.charged, 1);
        counters_.files_evicted.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }
  return freed;
}

}  // namespace omicsfs
