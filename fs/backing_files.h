// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "fs/open_mode.h"

namespace omicsfs {

// The files that the kernel may read for us, by number. Thread-safe; no call
// waits for more than the kernel's own short work.
class BackingFiles {
 public:
  virtual ~BackingFiles() = default;
  // Registers the open file `fd`, which may be closed afterwards: the kernel
  // keeps the open file, its locks too, until remove(). None where it refuses.
  virtual std::optional<BackingId> add(int fd) = 0;
  // REQUIRES: `id` came from add(), and no open file uses it.
  virtual void remove(BackingId id) = 0;
};

}  // namespace omicsfs
