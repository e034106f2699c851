// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "catalog/source.h"
#include "fetch/block_cache.h"
#include "fetch/document_fetch.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"
#include "fs/settings.h"

namespace omicsfs {

// Reads archives for a refresh, through the block cache: what it fetched is
// there for the mount. The cache is opened when it is first needed.
// Thread-safe, but its end.
class ArchiveReader {
 public:
  // What it reads by; `documents` asks for sizes.
  struct Network {
    DocumentFetcher& documents;
    Transport& transport;
    const Mirrors& mirrors;
    Counters& counters;
  };
  // What it is given must outlive it; but the network ends first, and before
  // that comes end_unpacking().
  ArchiveReader(const Settings& settings, const Network& network,
                std::stop_token stop);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  [[nodiscard]] const ArchiveAccess& access() const { return access_; }
  // Reads fail with kInterrupted from now on.
  void end_unpacking();

 private:
  Result<RemoteFile> locate(const std::string& place);
  Result<ArchiveMembers> list(const RemoteFile& file);
  Result<void> read(const RemoteFile& file, std::uint64_t offset,
                    std::span<char> out);
  BlockCache& cache();
  std::shared_ptr<CacheReader> reader_of(const RemoteFile& file);
  [[nodiscard]] ReadLimits limits() const;

  const Settings& settings_;
  DocumentFetcher& documents_;
  Counters& counters_;
  std::stop_token stop_;
  RangeFetcher fetcher_;
  std::once_flag opened_;
  std::unique_ptr<BlockCache> cache_;
  // The files that were read last, by their keys: reads follow one another.
  Mutex mutex_;
  std::deque<std::pair<std::string, std::shared_ptr<CacheReader>>> last_read_
      GUARDED_BY(mutex_);
  ArchiveAccess access_;
};

}  // namespace omicsfs
