// SPDX-License-Identifier: MIT
#include "fs/open_files.h"

#include <utility>

namespace omicsfs {

// A handle is the address of its OpenFile: the kernel gives it back with each
// read and releases it once, after the last.
OpenFiles::Handle OpenFiles::add(OpenFile file) {
  auto owned = std::make_unique<OpenFile>(std::move(file));
  const auto handle = reinterpret_cast<Handle>(owned.get());
  const MutexLock lock(mutex_);
  files_.emplace(handle, std::move(owned));
  return handle;
}

OpenFile& OpenFiles::at(Handle handle) {
  // The kernel keeps a handle as a number.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return *reinterpret_cast<OpenFile*>(handle);
}

void OpenFiles::remove(Handle handle) {
  std::unique_ptr<OpenFile> last;  // its end may be I/O: after the lock
  const MutexLock lock(mutex_);
  const auto found = files_.find(handle);
  if (found != files_.end()) {
    last = std::move(found->second);
    files_.erase(found);
  }
}

}  // namespace omicsfs
