// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/reading.h"

namespace omicsfs {

// The bytes of one immutable file, wherever they come from. Thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills `out` with the bytes from `offset`: all of it or an error.
  // REQUIRES: offset + out.size() <= size().
  // Errors: kTimedOut, kInterrupted by `limits`; kChanged, kCorrupt,
  // kNotFound, kUnavailable, kIo as the bytes' origin gives them.
  virtual Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                               const ReadLimits& limits) = 0;
  // The same read of `range`, which holds no thread while it waits. A source
  // that never waits for the network need not have one of its own: its reading
  // calls read_at(). REQUIRES: this outlives the reading.
  [[nodiscard]] virtual std::unique_ptr<Reading> begin_read(ByteRange range);
};

}  // namespace omicsfs
