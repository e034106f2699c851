// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>

#include "fetch/byte_source.h"
#include "fetch/mutex.h"

namespace omicsfs {

// What has come over the network and waits for the cache's disk. Where the disk
// is the slower of the two, readers wait for it before they ask for more, so
// that what they get can be kept. A disk that takes nothing any more is given
// up until it does again: nobody waits for it, and nothing further is to be
// kept, for that would fill the memory. Thread-safe.
class StoreBacklog {
 public:
  // More than `limit` bytes are too much.
  explicit StoreBacklog(std::uint64_t limit) : limit_(limit) {}
  StoreBacklog(const StoreBacklog&) = delete;
  StoreBacklog& operator=(const StoreBacklog&) = delete;

  // Bytes have come, and bytes have been stored or could not be.
  void add(std::uint64_t bytes);
  void drop(std::uint64_t bytes);

  // Whether too much waits.
  [[nodiscard]] bool is_full() const;
  // Whether, beyond that, the disk takes nothing.
  [[nodiscard]] bool is_given_up() const;

  // Waits while too much waits for a disk that goes on, and gives up one that
  // took nothing for kPatience. `limits` ends it, too: the caller's next step
  // says so.
  void wait(const ReadLimits& limits);

  static constexpr std::chrono::milliseconds kPatience{2000};

 private:
  const std::uint64_t limit_;
  mutable Mutex mutex_;
  std::condition_variable_any dropped_;
  std::uint64_t waiting_ GUARDED_BY(mutex_) = 0;  // bytes
  std::uint64_t drops_ GUARDED_BY(mutex_) = 0;    // calls of drop()
  bool stuck_ GUARDED_BY(mutex_) = false;
};

}  // namespace omicsfs
