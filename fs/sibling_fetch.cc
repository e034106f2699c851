// SPDX-License-Identifier: MIT
#include "fs/sibling_fetch.h"

namespace omicsfs {

SiblingWatch::Ahead SiblingFetch::observe(Inode directory,
                                          std::uint64_t position) {
  const MutexLock lock(mutex_);
  return watch_.observe(directory, position);
}

void SiblingFetch::fetch(const Snapshot& snapshot,
                         const DirectoryEntry& entry) {
  const bool small = entry.node.kind == NodeKind::kRemoteFile &&
                     entry.node.size > 0 && entry.node.size <= kSmallFile;
  if (!small) {
    return;
  }
  const auto remote = snapshot.remote_file(entry.node.id);
  if (remote && !remote->columns) {
    cache_.fetch_ahead(*remote);
  }
}

void SiblingFetch::opened(Inode file, const Snapshot& snapshot,
                          const RemoteFile& remote) {
  if (remote.size > kSmallFile) {
    return;
  }
  const InodeParts parts = parts_of(file);
  const auto place = snapshot.first_entry(parts.node);
  if (!place) {
    return;
  }
  const auto ahead = observe(
      inode_of({parts.slot, parts.generation, place->parent}), place->position);
  if (ahead.count == 0) {
    return;
  }
  const auto entries = snapshot.list(place->parent, ahead.after, ahead.count);
  if (!entries) {
    return;
  }
  for (const DirectoryEntry& entry : *entries) {
    fetch(snapshot, entry);
  }
}

}  // namespace omicsfs
