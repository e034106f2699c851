// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>

// A mutex that clang's -Wthread-safety understands; libstdc++'s own is not
// annotated. Under other compilers the annotations vanish.

#if defined(__clang__)
#define OMICSFS_TSA(x) __attribute__((x))
#else
#define OMICSFS_TSA(x)
#endif

#define GUARDED_BY(mutex) OMICSFS_TSA(guarded_by(mutex))
#define REQUIRES_LOCK(...) OMICSFS_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES_LOCK(...) OMICSFS_TSA(locks_excluded(__VA_ARGS__))

namespace omicsfs {

class OMICSFS_TSA(capability("mutex")) Mutex {
 public:
  void lock() OMICSFS_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() OMICSFS_TSA(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex for a scope. It is itself lockable, so that a
// std::condition_variable_any can wait with it.
class OMICSFS_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) OMICSFS_TSA(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() OMICSFS_TSA(release_capability()) {
    if (held_) {
      mutex_.unlock();
    }
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() OMICSFS_TSA(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }
  void unlock() OMICSFS_TSA(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

}  // namespace omicsfs
