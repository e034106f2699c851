// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "catalog/remote_file.h"
#include "fetch/byte_range.h"
#include "fetch/byte_source.h"

namespace omicsfs {

// One read of an array, and what of it is wanted: the stretches of the rows
// that it begins in and crosses, the first of which may lack its start, and the
// last its end.
struct GatherStep {
  ByteRange read;           // within the array
  std::uint64_t skip = 0;   // bytes of the first stretch that are not wanted
  std::uint64_t bytes = 0;  // that are wanted, in all
  bool operator==(const GatherStep&) const = default;
};

// The next read that brings bytes of `wanted`, a part of the stretches of
// `place` laid end to end. It reads over the gaps between stretches only where
// none can hold a whole block, and at most `most` bytes or what one row has.
// REQUIRES: `wanted` is not empty.
[[nodiscard]] GatherStep next_gather(const ColumnPlace& place, ByteRange wanted,
                                     std::uint64_t most);

// Whether all bytes of `range`, which lies in the file of the columns at
// `place`, can be had where `has` tells what there is of the array. What is not
// known to be needed is not asked: it ends at the first that is not there.
[[nodiscard]] bool columns_present(const ColumnPlace& place, ByteRange range,
                                   const std::function<bool(ByteRange)>& has);

// Columns of an array: the header, and bytes that are gathered from the array's
// rows as they are read. Nothing of it is kept but what is kept of the array;
// pages of it are the kernel's. Thread-safe.
class ColumnSource final : public ByteSource {
 public:
  // REQUIRES: file.columns, which fit; `array` has their array's bytes.
  ColumnSource(const RemoteFile& file, std::shared_ptr<ByteSource> array)
      : place_(*file.columns), size_(file.size), array_(std::move(array)) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override;
  [[nodiscard]] std::unique_ptr<Reading> begin_read(ByteRange range) override;

 private:
  const ColumnPlace place_;
  const std::uint64_t size_;
  const std::shared_ptr<ByteSource> array_;
};

}  // namespace omicsfs
