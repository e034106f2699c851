// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/result.h"
#include "fetch/byte_source.h"

namespace omicsfs {

// Reads of a file whose programs cannot bear an error: one that is mapped into
// memory, where a read that fails ends the program (SIGBUS), or one of a
// program that takes an error for the end. A server may be back in a minute:
// what cannot be had now (kUnavailable, retries being spent, or its server
// being left alone) is asked for again until the read's deadline.
class PatientSource final : public ByteSource {
 public:
  // `first_pause` is doubled with each failure of a read, up to eight times it.
  explicit PatientSource(
      std::shared_ptr<ByteSource> source,
      std::chrono::milliseconds first_pause = std::chrono::milliseconds{250});

  [[nodiscard]] std::uint64_t size() const override { return source_->size(); }
  // Errors: those of `source`: its last kUnavailable at the deadline;
  // kInterrupted.
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override;
  [[nodiscard]] std::unique_ptr<Reading> begin_read(ByteRange range) override;

 private:
  const std::shared_ptr<ByteSource> source_;
  const std::chrono::milliseconds first_pause_;
};

}  // namespace omicsfs
