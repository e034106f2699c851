// SPDX-License-Identifier: MIT
#include "fs/passthrough.h"

namespace omicsfs {

Passthrough::Open& Passthrough::Open::operator=(Open&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(inode_, other.inode_);
  std::swap(backing_, other.backing_);
  return *this;
}

Passthrough::Open::~Open() {
  if (owner_ != nullptr) {
    owner_->leave(inode_);
  }
}

Passthrough::Open Passthrough::enter(Inode inode, const OpenWhole& open_whole) {
  // Of openers that come at once each may offer; the first to join is taken.
  const std::optional<BackingId> offered =
      is_open(inode) ? std::nullopt : offer(open_whole);
  OpenMode mode;
  {
    const MutexLock lock(mutex_);
    OpenMode& entry = modes_[inode];
    entry = joined(entry, offered);
    mode = entry;
  }
  if (const auto useless = spurned(mode, offered)) {
    kernel_.remove(*useless);
  }
  if (mode.backing) {
    counters_.files_passed_through.fetch_add(1, std::memory_order_relaxed);
  }
  return {*this, inode, mode.backing};
}

bool Passthrough::is_open(Inode inode) {
  const MutexLock lock(mutex_);
  return modes_.contains(inode);
}

std::optional<BackingId> Passthrough::offer(const OpenWhole& open_whole) {
  const UniqueFd file = open_whole();
  return file.valid() ? kernel_.add(file.get()) : std::nullopt;
}

void Passthrough::leave(Inode inode) {
  std::optional<BackingId> unused;
  {
    const MutexLock lock(mutex_);
    const auto entry = modes_.find(inode);
    const OpenMode before = entry->second;
    entry->second = left(before);
    if (entry->second.kind == OpenMode::Kind::kNone) {
      unused = before.backing;
      modes_.erase(entry);
    }
  }
  if (unused) {
    kernel_.remove(*unused);
  }
}

}  // namespace omicsfs
