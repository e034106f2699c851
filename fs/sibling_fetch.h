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

  // `file`, a node of `snapshot` with the content `remote`, is being opened.
  // Starts fetches and waits for none; what cannot be started is not reported:
  // whoever opens it will see.
  void opened(Inode file, const Snapshot& snapshot, const RemoteFile& remote);

 private:
  [[nodiscard]] SiblingWatch::Ahead observe(Inode directory,
                                            std::uint64_t position);
  void fetch(const Snapshot& snapshot, const DirectoryEntry& entry);

  BlockCache& cache_;
  Mutex mutex_;
  SiblingWatch watch_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
