// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "catalog/unique_fd.h"
#include "fetch/counters.h"
#include "fetch/mutex.h"
#include "fs/backing_files.h"
#include "fs/inode.h"
#include "fs/open_mode.h"

namespace omicsfs {

// Decides at each open of an inode whether the kernel reads its bytes past us,
// straight from a complete and verified file of the cache. Thread-safe; no lock
// is held over I/O.
class Passthrough {
 public:
  // The part of one open in the mode of its inode; gives it back at its end,
  // which must come after the kernel has closed the file (or has refused the
  // open), and before its Passthrough ends.
  class Open {
   public:
    Open() = default;
    Open(Open&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)),
          inode_(other.inode_),
          backing_(other.backing_) {}
    Open& operator=(Open&& other) noexcept;
    ~Open();
    // What the kernel is to read; none where it asks us.
    [[nodiscard]] std::optional<BackingId> backing() const { return backing_; }

   private:
    friend class Passthrough;
    Open(Passthrough& owner, Inode inode, std::optional<BackingId> backing)
        : owner_(&owner), inode_(inode), backing_(backing) {}

    Passthrough* owner_ = nullptr;
    Inode inode_ = 0;
    std::optional<BackingId> backing_;
  };

  // Gives the file to be read past us, or no descriptor where there is none.
  using OpenWhole = std::function<UniqueFd()>;

  // Both must outlive it.
  Passthrough(BackingFiles& kernel, Counters& counters)
      : kernel_(kernel), counters_(counters) {}
  Passthrough(const Passthrough&) = delete;
  Passthrough& operator=(const Passthrough&) = delete;

  // One more open of `inode`. `open_whole` is called, once at most, where the
  // inode is not open yet.
  [[nodiscard]] Open enter(Inode inode, const OpenWhole& open_whole);

 private:
  [[nodiscard]] bool is_open(Inode inode);
  [[nodiscard]] std::optional<BackingId> offer(const OpenWhole& open_whole);
  void leave(Inode inode);

  BackingFiles& kernel_;
  Counters& counters_;
  Mutex mutex_;
  std::unordered_map<Inode, OpenMode> modes_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
