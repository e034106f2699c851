// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/link_speed.h"

// What to fetch before it is asked for. Pure: no clock, no I/O.

namespace omicsfs {

// How far ahead one stream of reads is followed, in blocks.
struct AheadLimits {
  std::uint64_t request = 1;  // of one request
  std::uint64_t window = 1;   // ahead of the reader, in all
  bool operator==(const AheadLimits&) const = default;
};

// Requests long enough that waiting for their first byte costs little (four
// times what comes in a round trip, 1 to 8 MiB), and as many as a server is
// asked at a time.
[[nodiscard]] AheadLimits ahead_limits(const LinkSpeed& speed,
                                       std::uint64_t connections);

// The readers of one file, told apart by where they read: up to 16 streams,
// each forward without gaps (or with small ones), backward, or in steps of one
// length. A place read by chance is no stream: until the third read of a
// pattern (the fourth, for steps) nothing is fetched ahead. Then as much as the
// pattern has been followed for, and twice as much each time that the reader
// had to wait. Thread-compatible.
class ReadAhead {
 public:
  explicit ReadAhead(std::uint64_t file_size) : file_size_(file_size) {}

  enum class Met { kPresent, kWait };  // is the reader going to wait?

  // Takes note of a read; returns the runs of blocks that are worth fetching
  // now, those needed first first, none longer than `limits.request`. A run is
  // returned once; blocks of it may be present by chance. REQUIRES: `read` is
  // not empty and lies within the file.
  std::vector<BlockRun> observe(ByteRange read, Met met,
                                const AheadLimits& limits);

  // There was no memory for `run`, which observe() had returned, nor for those
  // after it: they are returned again later, and windows are halved.
  void refused(BlockRun run);
  // All readers are gone.
  void reset() { streams_ = {}; }

 private:
  enum class Kind { kNone, kFresh, kForward, kBackward, kSteps };
  struct Stream {
    Kind kind = Kind::kNone;
    ByteRange last;            // the read that the next one follows
    std::int64_t step = 0;     // kSteps: from the start of one read to the next
    std::uint64_t reads = 0;   // that followed the pattern
    std::uint64_t passed = 0;  // bytes from its first read to here
    std::uint64_t window = 0;  // blocks
    // How far it has been fetched ahead: the end (forward), the start
    // (backward), as a block; or in steps from `last`.
    std::uint64_t reach = 0;
    std::uint64_t used = 0;  // when: the count of reads
  };

  Stream& stream_of(ByteRange read);
  Stream* follower(ByteRange read);
  [[nodiscard]] bool follows(const Stream& stream, ByteRange read) const;
  static void advance(Stream& stream, ByteRange read);
  Stream* adjacent(ByteRange read);
  Stream* stepping(ByteRange read);
  [[nodiscard]] const Stream* fresh_at(std::uint64_t offset,
                                       std::uint64_t before) const;
  Stream& begin(ByteRange read);
  static void widen(Stream& stream, Met met, const AheadLimits& limits);
  [[nodiscard]] std::vector<BlockRun> ahead(Stream& stream,
                                            const AheadLimits& limits) const;
  [[nodiscard]] std::vector<BlockRun> forward(Stream& stream,
                                              std::uint64_t request) const;
  [[nodiscard]] std::vector<BlockRun> backward(Stream& stream,
                                               std::uint64_t request) const;
  [[nodiscard]] std::vector<BlockRun> steps(Stream& stream,
                                            std::uint64_t request) const;

  std::uint64_t file_size_;
  std::uint64_t reads_ = 0;
  std::array<Stream, 16> streams_{};
};

}  // namespace omicsfs
