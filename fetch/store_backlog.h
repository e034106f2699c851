// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace omicsfs {

// What has come over the network and waits for the cache's disk. Nobody waits
// for the disk: beyond a limit nothing more is to be kept, nor fetched ahead,
// as that would fill the memory. Thread-safe.
class StoreBacklog {
 public:
  // More than `limit` bytes are too much.
  explicit StoreBacklog(std::uint64_t limit) : limit_(limit) {}
  StoreBacklog(const StoreBacklog&) = delete;
  StoreBacklog& operator=(const StoreBacklog&) = delete;

  // Bytes have come, and bytes have been stored or could not be.
  void add(std::uint64_t bytes) { waiting_.fetch_add(bytes); }
  void drop(std::uint64_t bytes) { waiting_.fetch_sub(bytes); }

  // Whether too much waits.
  [[nodiscard]] bool is_full() const { return waiting_.load() > limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> waiting_{0};  // bytes
};

}  // namespace omicsfs
