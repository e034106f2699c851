// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "catalog/unique_fd.h"
#include "fetch/cache_files.h"
#include "fetch/mutex.h"

namespace omicsfs {

// How many cached files may keep their two descriptors, where a process may
// have `descriptors` in all: the rest is for connections, catalogs and the
// kernel. At least 8, at most 4096. Pure.
[[nodiscard]] std::size_t most_kept_open(std::uint64_t descriptors);

// The marks that this process has set on a file of the cache. The kernel keeps
// one lock for all who set the same place, so the last who clears it unlocks.
// Thread-safe.
class MarkedPlaces {
 public:
  explicit MarkedPlaces(UniqueFd marks) : marks_(std::move(marks)) {}

  // False where it cannot be locked.
  bool set(off_t place);
  void clear(off_t place);

 private:
  const UniqueFd marks_;
  Mutex mutex_;  // held over a lock that does not wait
  std::unordered_map<off_t, std::size_t> setters_ GUARDED_BY(mutex_);
};

// Says to all processes that a cached file whose descriptors are closed is in
// use all the same, so that nobody deletes it: a shared lock on one byte of a
// file of the cache. Ends with its object. Thread-safe.
class IdleMark {
 public:
  IdleMark(std::shared_ptr<MarkedPlaces> places, const std::string& key);
  ~IdleMark() { clear(); }
  IdleMark(const IdleMark&) = delete;
  IdleMark& operator=(const IdleMark&) = delete;

  void set();
  void clear();

 private:
  const std::shared_ptr<MarkedPlaces> places_;  // whoever ends last ends them
  const off_t place_;
  Mutex mutex_;
  bool is_set_ GUARDED_BY(mutex_) = false;
};

// Whether some process, this one included, has marked `key`. A cache without
// such a file has no marks.
[[nodiscard]] bool is_marked_idle(const std::filesystem::path& dir,
                                  const std::string& key);

// The open files of one cached file. A shared flock on the map keeps others
// from deleting them; where they are closed before their cached file ends,
// `mark` takes its place.
struct OpenBacking : CacheBacking {
  explicit OpenBacking(CacheBacking files) : CacheBacking(std::move(files)) {}
  ~OpenBacking();
  OpenBacking(const OpenBacking&) = delete;
  OpenBacking& operator=(const OpenBacking&) = delete;

  std::shared_ptr<IdleMark> mark;
  mutable std::atomic<bool> was_used{true};  // since the pool last looked
};

// Keeps the files of a bounded number of cached files open. One more, and the
// files that were not used lately are closed; their cached file opens them
// again when it is read. Files in use stay open until their user is done.
// Thread-safe; nothing is closed under the lock.
class KeptOpen {
 public:
  KeptOpen(const std::filesystem::path& dir, std::size_t most);
  ~KeptOpen();
  KeptOpen(const KeptOpen&) = delete;
  KeptOpen& operator=(const KeptOpen&) = delete;

  // The mark of `key`, which may outlive this object.
  [[nodiscard]] std::shared_ptr<IdleMark> mark_of(const std::string& key);
  void keep(const std::shared_ptr<OpenBacking>& backing);
  // Its cached file ends.
  void drop(const OpenBacking* backing);
  // Closes all that nobody uses right now: the process has no descriptor left.
  void close_all();

 private:
  using Backings = std::list<std::shared_ptr<OpenBacking>>;

  const std::size_t most_;
  const std::shared_ptr<MarkedPlaces> marks_;
  Mutex mutex_;
  Backings kept_ GUARDED_BY(mutex_);  // those to be closed first, first
  std::unordered_map<const OpenBacking*, Backings::iterator> places_
      GUARDED_BY(mutex_);
};

}  // namespace omicsfs
