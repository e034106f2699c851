// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "fetch/mutex.h"
#include "fs/inode.h"

namespace omicsfs {

// Why the last read of a file failed, for user.omicsfs.error. Keeps the newest
// failures of a bounded number of files. Thread-safe.
class ReadFailures {
 public:
  static constexpr std::size_t kMost = 1024;

  explicit ReadFailures(std::size_t most = kMost) : most_(most) {}

  void failed(Inode inode, std::string why);
  // A read succeeded. Takes no lock while no failure is kept.
  void succeeded(Inode inode);
  [[nodiscard]] std::optional<std::string> why(Inode inode) const;

 private:
  using Entry = std::pair<Inode, std::string>;

  const std::size_t most_;
  std::atomic<std::size_t> kept_{0};
  mutable Mutex mutex_;
  std::list<Entry> entries_ GUARDED_BY(mutex_);  // oldest first
  std::unordered_map<Inode, std::list<Entry>::iterator> places_
      GUARDED_BY(mutex_);
};

}  // namespace omicsfs
