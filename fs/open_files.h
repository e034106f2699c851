// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fetch/byte_range.h"
#include "fetch/byte_source.h"
#include "fetch/mutex.h"
#include "fs/inode.h"
#include "fs/mapped_reads.h"
#include "fs/passthrough.h"
#include "fs/read_failures.h"
#include "fs/repeated_reads.h"

namespace omicsfs {

// What is refused of a file that programs map, and what it is decided by.
struct MappedFile {
  MappedFile(std::uint64_t small, std::function<bool(ByteRange)> is_here)
      : has(std::move(is_here)), reads(small) {}

  // Whether all of a range, which lies in the file, is in the cache.
  const std::function<bool(ByteRange)> has;
  Mutex mutex;
  MappedReads reads GUARDED_BY(mutex);
};

// What has just failed of one open file.
struct RepeatedFile {
  explicit RepeatedFile(bool is_mapped) : reads(is_mapped) {}

  Mutex mutex;
  RepeatedReads reads GUARDED_BY(mutex);
};

// One open(2) of a file.
struct OpenFile {
  std::shared_ptr<ByteSource> source;
  Passthrough::Open kernel{};  // gone first: the source keeps the cached file
  std::unique_ptr<MappedFile> mapped{};  // null: nothing is refused
  // Where the reads of `inode` report how they end; null: nowhere.
  ReadFailures* failures = nullptr;
  Inode inode = 0;
  std::unique_ptr<RepeatedFile> repeated{};  // null: no read waits for a server
};

// The files that are open now. Thread-safe. A handle is good until it is
// removed.
class OpenFiles {
 public:
  using Handle = std::uint64_t;

  Handle add(OpenFile file);
  // REQUIRES: `handle` came from add() and was not removed. No lock is taken.
  static OpenFile& at(Handle handle);
  void remove(Handle handle);

 private:
  Mutex mutex_;
  std::map<Handle, std::unique_ptr<OpenFile>> files_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
