// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "catalog/sqlite.h"
#include "fetch/index_records.h"
#include "fetch/mutex.h"

namespace omicsfs {

// SQLite's integers are signed: what is larger counts as the largest.
[[nodiscard]] constexpr std::int64_t signed64(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}
// And what is negative, which only damage can be, as none.
[[nodiscard]] constexpr std::uint64_t unsigned64(std::int64_t value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

// What the file at `path` takes on the disk; 0 where there is none.
[[nodiscard]] std::uint64_t disk_bytes(const std::filesystem::path& path);

// A connection to the cache index, with its statements prepared.
struct IndexConnection {
  Database database;
  Statement shares;
  Statement settle;
  Statement grant;
  Statement drop_empty_grants;
  Statement drop_empty_files;
  Statement note_use;
  Statement use;
  Statement verify;
  Statement verified;
  Statement unverify;
  Statement disown;
  Statement oldest;
  Statement totals;
  Statement owners;
  Statement owned;
  Statement drop_owner;
};

// Opens the index below `dir` (`<cache>/v1`), making it from the block maps
// where it is missing. Its calls wait for locks as long as `goes_on` says.
// Errors: kCorrupt, damaged or of another version; kTimedOut, somebody has it
// locked; kNoSpace, kIo.
Result<IndexConnection> open_index(
    const std::filesystem::path& dir,
    WaitForLock goes_on = patience_of(Database::kPatience));
// The same of one that is there, at once. Errors: also kTimedOut, it is not
// made yet.
Result<IndexConnection> open_index_at_once(const std::filesystem::path& dir);

// Charges a file what it takes on disk below `dir`. REQUIRES: within a
// transaction that writes, so that of two who settle one file the later has
// looked later. Returns the charge.
Result<std::uint64_t> settle_file(IndexConnection& connection,
                                  const std::filesystem::path& dir,
                                  const ChargedFile& file);

// A few connections, each used by one thread at a time. Thread-safe.
class IndexPool {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Makes { kIndex, kNothing };
  // Its connections wait so long where somebody else has a lock. One that makes
  // nothing opens an index that is there, at once.
  explicit IndexPool(std::filesystem::path dir,
                     std::chrono::milliseconds patience = Database::kPatience,
                     Makes makes = Makes::kIndex)
      : dir_(std::move(dir)), patience_(patience), makes_(makes) {
    idle_.reserve(kMaxConnections);  // to give one back needs no memory
  }

  // One connection, for a scope.
  class Lease {
   public:
    Lease(IndexPool& pool, std::unique_ptr<IndexConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) {
        pool_->give_back(std::move(connection_));
      }
    }
    IndexConnection* operator->() { return connection_.get(); }
    IndexConnection& operator*() { return *connection_; }

   private:
    IndexPool* pool_;
    std::unique_ptr<IndexConnection> connection_;
  };

  // Waits for one where all are out. Errors: those of opening a further one.
  Result<Lease> lease();
  // From now on no lock is waited for beyond `time`.
  void end_by(Clock::time_point time) { end_.store(time); }
  // How long its connections wait. REQUIRES: it outlives them.
  [[nodiscard]] WaitForLock wait_for_lock() const;
  // Takes over a connection that is open already.
  void adopt(IndexConnection connection);
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

 private:
  static constexpr std::size_t kMaxConnections = 4;
  void give_back(std::unique_ptr<IndexConnection> connection);
  void note_closed();

  std::filesystem::path dir_;
  const std::chrono::milliseconds patience_;
  const Makes makes_;
  std::atomic<Clock::time_point> end_{Clock::time_point::max()};
  Mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::unique_ptr<IndexConnection>> idle_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;
};

}  // namespace omicsfs
