// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/remote_file.h"
#include "catalog/snapshot.h"
#include "fetch/block_cache.h"
#include "fetch/mutex.h"
#include "fs/inode.h"
#include "fs/sibling_watch.h"

namespace omicsfs {

// When the small files of a directory are opened one after another, fetches the
// next ones ahead, so that they do not cost a round trip each. Thread-safe.
class SiblingFetch {
 public:
  // Larger ones have a read-ahead of their own.
  static constexpr std::uint64_t kSmallFile = std::uint64_t{1} << 20;

  // `cache` must outlive it.
  explicit SiblingFetch(BlockCache& cache) : cache_(cache) {}

  struct OpenedNode {
    const Snapshot& snapshot;
    std::uint16_t slot = 0;  // of the snapshot's source
    NodeId node = 0;
  };
  // `file`, with the content `remote`, is being opened.
  // Starts fetches and waits for none; what cannot be started is not reported:
  // whoever opens it will see.
  void opened(const OpenedNode& file, const RemoteFile& remote);

 private:
  [[nodiscard]] SiblingWatch::Ahead observe(const OpenedNode& file,
                                            const EntryPlace& place);
  void fetch(const Snapshot& snapshot, const DirectoryEntry& entry);

  BlockCache& cache_;
  Mutex mutex_;
  SiblingWatch watch_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
