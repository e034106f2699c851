// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "fetch/byte_source.h"
#include "fetch/cached_source.h"

namespace omicsfs {

// The bytes of an archive's member as they lie in the archive, compressed or
// not. Thread-safe.
class MemberBytes {
 public:
  MemberBytes(std::shared_ptr<CachedSource> archive, const MemberPlace& place)
      : archive_(archive),
        reader_(std::move(archive)),
        header_offset_(place.header_offset),
        size_(place.compressed_size),
        method_(place.method) {}

  [[nodiscard]] CachedSource& archive() const { return *archive_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Where in the archive they begin: the member's local header tells, which is
  // read once. Errors: those of a read of the archive; kCorrupt, there is no
  // such header, or no room for the bytes.
  Result<std::uint64_t> data_offset(const ReadLimits& limits);
  // data_offset() where it is known already, else 0.
  [[nodiscard]] std::uint64_t known_data_offset() const {
    return data_offset_.load(std::memory_order_acquire);
  }
  // As ByteSource::read_at. REQUIRES: offset + out.size() <= size().
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits);

 private:
  const std::shared_ptr<CachedSource> archive_;
  CacheReader reader_;  // the archive is open for as long as its member is
  const std::uint64_t header_offset_;
  const std::uint64_t size_;
  const MemberMethod method_;
  std::atomic<std::uint64_t> data_offset_{0};  // 0: not known yet
};

}  // namespace omicsfs
