// SPDX-License-Identifier: MIT
#include "fs/sibling_fetch.h"

namespace omicsfs {

SiblingWatch::Ahead SiblingFetch::observe(const OpenedNode& file,
                                          const EntryPlace& place) {
  // Rows of nodes are below 2^32, so this tells directories apart.
  const Inode directory =
      inode_of({file.slot, static_cast<NodeNumber>(place.parent)});
  const MutexLock lock(mutex_);
  return watch_.observe(directory, place.position);
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

void SiblingFetch::opened(const OpenedNode& file, const RemoteFile& remote) {
  if (remote.size > kSmallFile) {
    return;
  }
  const auto place = file.snapshot.first_entry(file.node);
  if (!place) {
    return;
  }
  const auto ahead = observe(file, *place);
  if (ahead.count == 0) {
    return;
  }
  const auto entries =
      file.snapshot.list(place->parent, ahead.after, ahead.count);
  if (!entries) {
    return;
  }
  for (const DirectoryEntry& entry : *entries) {
    fetch(file.snapshot, entry);
  }
}

}  // namespace omicsfs
