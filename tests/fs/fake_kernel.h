// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "fetch/mutex.h"
#include "fs/backing_files.h"

namespace omicsfs {

// A kernel that takes files to read past us, and counts them. Thread-safe.
class FakeKernel final : public BackingFiles {
 public:
  std::optional<BackingId> add(int fd) override {
    EXPECT_GE(fd, 0);
    const MutexLock lock(mutex_);
    if (refuses) {
      return std::nullopt;
    }
    ids_.insert(++last_);
    return last_;
  }
  void remove(BackingId id) override {
    const MutexLock lock(mutex_);
    EXPECT_EQ(ids_.erase(id), 1U) << id;
  }
  std::set<BackingId> ids() {
    const MutexLock lock(mutex_);
    return ids_;
  }

  bool refuses = false;

 private:
  Mutex mutex_;
  BackingId last_ = 0;
  std::set<BackingId> ids_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
