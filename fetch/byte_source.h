// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "catalog/result.h"

namespace omicsfs {

// How long a reader is ready to wait, and how it is told to stop.
struct ReadLimits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;
};

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
};

}  // namespace omicsfs
