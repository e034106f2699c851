// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

class IndexPool;

// What the cache is charged for one file, and what is known of it.
struct IndexedFile {
  std::string key;
  std::uint64_t size = 0;      // of the remote file
  std::uint64_t charged = 0;   // bytes of disk reserved for it
  std::uint64_t last_use = 0;  // rises with each use, over all files
  bool verified = false;       // complete, and its published digest agreed
};

// Something that the user should know of, such as a digest that disagreed.
struct CacheReport {
  std::int64_t time = 0;  // seconds since the epoch
  std::string key;
  std::string message;
};

struct IndexTotals {
  std::uint64_t files = 0;
  std::uint64_t charged = 0;
  std::uint64_t verified = 0;  // files
};

// The bookkeeping of a cache directory: `<dir>/v1/index.sqlite`, in WAL mode,
// shared by all processes that use the directory. It is not the truth: lost or
// damaged, it is made again from the block maps. Thread-safe: each call borrows
// one of a few connections. Errors of all: kNoSpace, kIo.
class CacheIndex {
 public:
  static Result<std::unique_ptr<CacheIndex>> open(
      const std::filesystem::path& dir);
  ~CacheIndex();

  // Charges `bytes` more to the file where all charges then stay within
  // `limit`, and returns 0; else charges nothing and returns by how much they
  // would pass it. Counts as a use of the file.
  Result<std::uint64_t> charge(const std::string& key, std::uint64_t size,
                               std::uint64_t bytes, std::uint64_t limit);
  // Sets what the file is charged to what it takes. 0 forgets it.
  Result<void> settle(const std::string& key, std::uint64_t size,
                      std::uint64_t bytes);
  Result<void> touch(const std::vector<std::string>& keys);
  // Notes that the published digest was found right of the data file whose
  // stamp (stamp_of) was `stamp`.
  Result<void> set_verified(const std::string& key, std::uint64_t stamp);
  // The stamp so noted; 0 where there is none.
  Result<std::uint64_t> verified_stamp(const std::string& key);
  Result<void> forget(const std::string& key);

  // Up to `count` files that are not pinned, those used longest ago first, from
  // the one after `after_use`.
  Result<std::vector<IndexedFile>> least_recent(std::uint64_t after_use,
                                                std::size_t count);
  Result<IndexTotals> totals();

  // Keeps the last 100 reports.
  Result<void> report(const CacheReport& report);
  Result<std::vector<CacheReport>> reports();

  // What the index itself takes on disk.
  [[nodiscard]] std::uint64_t own_bytes() const;

 private:
  explicit CacheIndex(std::unique_ptr<IndexPool> pool);
  std::unique_ptr<IndexPool> pool_;
};

}  // namespace omicsfs
