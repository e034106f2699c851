// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

// All that is needed to go on inflating a raw deflate stream (RFC 1951) from a
// place within it. A code can only be read by the tables of its block, which
// the block's header holds: so there are two places in the input.
struct InflateCheckpoint {
  std::uint64_t out = 0;          // bytes of output before this place
  std::uint64_t block_bit = 0;    // bit of the input where the block begins
  std::uint64_t code_bit = 0;     // bit where the next code begins; the same as
                                  // block_bit where none was read of the block
  std::vector<std::byte> window;  // the output before, up to 32 KiB of it

  bool operator==(const InflateCheckpoint&) const = default;
};

// Inflates one raw deflate stream, from its start or from a checkpoint. The
// caller brings the input wherever input_offset() says. No I/O.
// Thread-compatible.
class Inflater {
 public:
  static constexpr std::size_t kWindowBytes = 32768;

  // Errors: kCorrupt, no place that a stream can be in; kIo, no memory.
  static Result<Inflater> from(const InflateCheckpoint& checkpoint);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // Where in the compressed stream, in bytes, the input of the next step is to
  // begin.
  [[nodiscard]] std::uint64_t input_offset() const;
  // Bytes of output until now, those before the checkpoint included.
  [[nodiscard]] std::uint64_t output_offset() const;
  // Whether the stream's end was reached.
  [[nodiscard]] bool ended() const;

  // Inflates some of `in`, the bytes at input_offset(), into the start of
  // `out`; returns how many bytes were written, perhaps none: then more input
  // is needed where input_offset() says, or the stream has ended. `in` is empty
  // only where there is no more: what was taken may still give output.
  // REQUIRES: `out` is not empty, the stream has not ended.
  // Errors: kCorrupt, `in` is no deflate stream; kIo, no memory.
  Result<std::size_t> step(std::span<const std::byte> in,
                           std::span<std::byte> out);

  // The place reached, where one can go on from it: not within a match or a
  // stored block. A few steps of one byte get out of a match.
  [[nodiscard]] std::optional<InflateCheckpoint> checkpoint() const;

 private:
  struct Stream;
  explicit Inflater(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> stream_;
};

}  // namespace omicsfs
