// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fetch/byte_source.h"
#include "fetch/mutex.h"
#include "fs/inode.h"

namespace omicsfs {

// One open(2) of a file.
struct OpenFile {
  Inode inode = 0;
  std::string content_key;  // "" for bytes kept in the snapshot
  std::shared_ptr<ByteSource> source;
};

// The files that are open now, so that those of one content can be found.
// Thread-safe. A handle is good until it is taken back.
class OpenFiles {
 public:
  using Handle = std::uint64_t;

  Handle add(OpenFile file);
  // REQUIRES: `handle` came from add() and was not removed. No lock is taken.
  static OpenFile& at(Handle handle);
  void remove(Handle handle);
  // Inodes of open files with that content.
  [[nodiscard]] std::vector<Inode> inodes_of(const std::string& key) const;

 private:
  mutable Mutex mutex_;
  std::map<Handle, std::unique_ptr<OpenFile>> files_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
