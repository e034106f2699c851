// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/result.h"
#include "fetch/cache_space.h"
#include "fetch/cached_file.h"
#include "fetch/mutex.h"

namespace omicsfs {

// The step in which room is asked for.
inline constexpr std::uint64_t kGrantStep = std::uint64_t{8} << 20;

// The disk space that one file has been granted, asked for in steps so that
// most writes cost the index nothing. Thread-safe.
class FileCharge {
 public:
  // Makes sure that `bytes` more may be written. Errors: kNoSpace, kIo.
  Result<void> reserve(CacheSpace& space, const CachedFile& file,
                       std::uint64_t bytes);

 private:
  // What a file takes besides its blocks' own bytes: the map's header and the
  // pages that a first block touches in both files.
  static constexpr std::uint64_t kFirstBytes = std::uint64_t{16} * 1024;

  // Claims `bytes` at once, so that two threads never count on the same room;
  // returns what is then claimed beyond what is granted.
  std::uint64_t claim(std::uint64_t bytes);
  void grant(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);

  Mutex mutex_;
  std::uint64_t granted_ GUARDED_BY(mutex_) = 0;
  std::uint64_t claimed_ GUARDED_BY(mutex_) = kFirstBytes;
};

}  // namespace omicsfs
