// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace omicsfs {

// What happened since the start. Each is a plain sum; readers may see them at
// slightly different moments.
struct Counters {
  std::atomic<std::uint64_t> requests{0};        // exchanges started
  std::atomic<std::uint64_t> retries{0};         // of which: not the first try
  std::atomic<std::uint64_t> hedges{0};          // of which: beside another
  std::atomic<std::uint64_t> failed_fetches{0};  // given up
  std::atomic<std::uint64_t> bytes_fetched{0};   // body bytes taken
  std::atomic<std::uint64_t> bytes_inflated{0};  // of members of archives
  std::atomic<std::uint64_t> blocks_hit{0};      // read from the disk cache
  std::atomic<std::uint64_t> blocks_missed{0};   // had to be fetched
  std::atomic<std::uint64_t> blocks_damaged{0};  // failed their CRC on disk
  std::atomic<std::uint64_t> reads_uncached{0};  // served with no room to keep
  std::atomic<std::uint64_t> digest_mismatches{0};
  std::atomic<std::uint64_t> files_verified{0};
  std::atomic<std::uint64_t> files_evicted{0};
  std::atomic<std::uint64_t> files_passed_through{0};  // opens
  std::atomic<std::uint64_t> extents_evicted{0};       // of files that are open
};

}  // namespace omicsfs
