// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/eviction.h"
#include "fetch/index_records.h"
#include "fetch/process_mark.h"

namespace omicsfs {

class IndexPool;
struct IndexConnection;

// The bookkeeping of a cache directory: `<dir>/v1/index.sqlite`, in WAL mode,
// shared by all processes that use the directory. It is not the truth: lost or
// damaged, it is made again from the block maps. Thread-safe: each call borrows
// one of a few connections. Errors of all: kNoSpace;
// kTimedOut, another process has it locked; kIo.
class CacheIndex {
 public:
  // `patience`: with the locks of others. An index that stays locked is opened
  // by the first call that finds it free. Errors: not kTimedOut.
  static Result<std::unique_ptr<CacheIndex>> open(
      const std::filesystem::path& dir,
      std::chrono::milliseconds patience = CacheLimits().index_patience);
  ~CacheIndex();

  // Charges the file what it takes on disk, takes back what is returned, and
  // grants what is asked where all charges then stay within the limit and all
  // that is granted leaves free on disk what must stay free. Returns 0, or by
  // how much that would pass them: nothing is then granted.
  Result<std::uint64_t> charge(const ChargedFile& file,
                               const GrantChange& change,
                               const CacheLimits& limits);
  // The files of `key` have been removed: whatever lies there now is not
  // verified and not hot. Returns what the file is charged still, which is what
  // lies there.
  Result<std::uint64_t> forget(const std::string& key);
  // Takes back what processes were granted that are no more, and charges their
  // files what they take.
  Result<void> settle_for_the_dead();

  // What one asks for that asks for nothing: how much passes the limits now.
  Result<std::uint64_t> lacking(const CacheLimits& limits);

  // Neither a time nor being hot is taken back.
  Result<void> note_uses(const std::map<std::string, FileUse>& uses);
  Result<FileUse> use_of(const std::string& key);
  // Likewise, for whoever must not wait: kTimedOut where somebody keeps readers
  // out.
  Result<FileUse> use_at_once(const std::string& key);

  // Notes that the published digest was found right of the data file whose
  // stamp (stamp_of) was `stamp`.
  Result<void> set_verified(const std::string& key, std::uint64_t stamp);
  // The stamp so noted; 0 where there is none.
  Result<std::uint64_t> verified_stamp(const std::string& key);
  Result<std::uint64_t> verified_stamp_at_once(const std::string& key);
  Result<void> clear_verified(const std::string& key);

  // Up to `count` files on disk that are not pinned and are hot or not, those
  // used longest ago first, from the one after `after`.
  Result<std::vector<IndexedFile>> least_recent(Heat heat,
                                                const UseCursor& after,
                                                std::size_t count);
  Result<IndexShares> shares();
  // The latest time of use of any file; does not wait.
  Result<std::uint64_t> latest_use();
  Result<IndexTotals> totals();

  // Keeps the last 100 reports.
  Result<void> report(const CacheReport& report);
  Result<std::vector<CacheReport>> reports();

  // Whether it could be opened at once.
  [[nodiscard]] bool was_free() const { return was_free_; }
  // From now on no call waits for a lock beyond `time`.
  void end_by(std::chrono::steady_clock::time_point time);

  // What the index itself takes on disk.
  [[nodiscard]] std::uint64_t own_bytes() const;
  // By how much that may be more than it takes now.
  [[nodiscard]] std::uint64_t growth() const;

 private:
  CacheIndex(std::unique_ptr<IndexPool> pool,
             std::unique_ptr<IndexPool> impatient, ProcessMark mark,
             bool was_free);
  template <typename Work>
  auto transact(const Work& work)
      -> decltype(work(std::declval<IndexConnection&>()));

  std::unique_ptr<IndexPool> pool_;
  // Short reads only: they are not behind what waits for a lock.
  std::unique_ptr<IndexPool> impatient_;
  ProcessMark mark_;
  const bool was_free_;
};

}  // namespace omicsfs
