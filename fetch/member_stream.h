// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/digest.h"
#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/byte_source.h"
#include "fetch/counters.h"
#include "fetch/inflate_index.h"
#include "fetch/inflater.h"
#include "fetch/member_bytes.h"

namespace omicsfs {

// What is known of a deflated member beforehand.
struct MemberFacts {
  std::uint64_t size = 0;     // of its output, bytes
  std::optional<Digest> crc;  // of its output
};

// One pass over a deflated member: reads its compressed bytes, gives its output
// in order and leaves checkpoints. Thread-compatible. What it is given must
// outlive it.
class MemberStream {
 public:
  MemberStream(MemberBytes& bytes, InflateIndex& index, MemberFacts facts,
               Counters& counters)
      : bytes_(bytes),
        index_(index),
        facts_(std::move(facts)),
        counters_(counters),
        hasher_(DigestKind::kCrc32) {}

  // Goes to the last checkpoint at `offset` or before it; REQUIRES: once,
  // first. Errors: kCorrupt, kIo as Inflater::from.
  Result<void> start(std::uint64_t offset);
  // The offset of the output that the next read gives.
  [[nodiscard]] std::uint64_t position() const {
    return inflater_->output_offset();
  }
  // Fills the start of `out`, with a byte at least; returns how many. At the
  // member's end its length is checked, and where the pass began at its start
  // its CRC. REQUIRES: position() is before the end, `out` is not empty.
  // Errors: those of a read of the archive; kCorrupt, the member is not what
  // the archive's directory says; kIo, no memory.
  Result<std::size_t> read(std::span<std::byte> out, const ReadLimits& limits);

 private:
  Result<std::span<const std::byte>> input(const ReadLimits& limits);
  Result<std::size_t> step(std::span<std::byte> out, const ReadLimits& limits);
  Result<void> check_end(const ReadLimits& limits);
  std::size_t leave_checkpoint(std::size_t most);

  MemberBytes& bytes_;
  InflateIndex& index_;
  const MemberFacts facts_;
  Counters& counters_;
  std::optional<Inflater> inflater_;
  DigestHasher hasher_;
  bool from_start_ = false;
  std::uint64_t next_try_ = 0;  // no checkpoint is tried before
  int bytes_to_boundary_ = 0;   // inflated one by one, to find one
  ByteRange chunk_;             // of the compressed bytes, that are in buffer_
  std::vector<std::byte> buffer_;
};

}  // namespace omicsfs
