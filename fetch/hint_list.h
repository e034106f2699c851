// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "fetch/byte_range.h"

namespace omicsfs {

// Ranges worth fetching, in the order in which they are likely to be asked for.
// The unit of a fetch is a block: a range in a block that a read has touched,
// or that is in the list, costs nothing and is left out. Thread-compatible.
class HintList {
 public:
  // What all ranges together may cost, so that a hint that is wrong is cheap.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 20;

  // `seen` is the read that gives the hints, within a file of `file_size`.
  HintList(ByteRange seen, std::uint64_t file_size)
      : file_size_(file_size), seen_(blocks_of(seen)) {}

  // Adds what of `range` lies in the file and is new. What would make the list
  // cost too much is left out.
  void add(ByteRange range);

  [[nodiscard]] std::vector<ByteRange> take() { return std::move(ranges_); }

 private:
  [[nodiscard]] bool is_new(BlockIndex block) const;

  std::uint64_t file_size_;
  BlockRun seen_;
  std::uint64_t blocks_ = 0;
  std::vector<ByteRange> ranges_;
};

}  // namespace omicsfs
