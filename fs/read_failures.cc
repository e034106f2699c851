// SPDX-License-Identifier: MIT
#include "fs/read_failures.h"

#include <iterator>

namespace omicsfs {

void ReadFailures::failed(Inode inode, std::string why) {
  const MutexLock lock(mutex_);
  const auto known = places_.find(inode);
  if (known != places_.end()) {
    entries_.erase(known->second);
    places_.erase(known);
  }
  entries_.emplace_back(inode, std::move(why));
  places_[inode] = std::prev(entries_.end());
  if (entries_.size() > most_) {
    places_.erase(entries_.front().first);
    entries_.pop_front();
  }
  kept_.store(entries_.size(), std::memory_order_release);
}

void ReadFailures::succeeded(Inode inode) {
  if (kept_.load(std::memory_order_acquire) == 0) {
    return;
  }
  const MutexLock lock(mutex_);
  const auto known = places_.find(inode);
  if (known != places_.end()) {
    entries_.erase(known->second);
    places_.erase(known);
    kept_.store(entries_.size(), std::memory_order_release);
  }
}

std::optional<std::string> ReadFailures::why(Inode inode) const {
  const MutexLock lock(mutex_);
  const auto known = places_.find(inode);
  return known == places_.end() ? std::nullopt
                                : std::optional(known->second->second);
}

}  // namespace omicsfs
