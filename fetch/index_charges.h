// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "catalog/result.h"
#include "fetch/eviction.h"
#include "fetch/index_connection.h"
#include "fetch/index_records.h"
#include "fetch/process_mark.h"

namespace omicsfs {

// What files are charged and processes are granted, in the index of the cache
// directory `<dir>/v1`. Each call that changes something must stand in a
// transaction that writes. Errors of all: kNoSpace, kIo.
class IndexCharges {
 public:
  IndexCharges(IndexConnection& connection, const std::filesystem::path& dir)
      : connection_(connection), dir_(dir) {}

  Result<IndexShares> shares();
  // What `asked` bytes more would lack, of the limit or of the disk.
  Result<std::uint64_t> lacking(const CacheLimits& limits, std::uint64_t asked);
  // See CacheIndex::charge.
  Result<std::uint64_t> change(std::int64_t owner, const ChargedFile& file,
                               const GrantChange& change,
                               const CacheLimits& limits);
  // See CacheIndex::forget.
  Result<std::uint64_t> forget(const std::string& key);
  // Takes back what those were granted that live no more.
  Result<void> settle_for_the_dead(const ProcessMark& mark);

 private:
  Result<std::uint64_t> grant(std::int64_t owner, const std::string& key,
                              std::uint64_t asked, const CacheLimits& limits);
  Result<void> bury(std::int64_t owner);

  IndexConnection& connection_;
  const std::filesystem::path& dir_;
};

}  // namespace omicsfs
