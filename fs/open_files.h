// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "fetch/byte_source.h"
#include "fetch/mutex.h"
#include "fs/passthrough.h"

namespace omicsfs {

// One open(2) of a file.
struct OpenFile {
  std::shared_ptr<ByteSource> source;
  Passthrough::Open kernel{};  // gone first: the source keeps the cached file
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
