// SPDX-License-Identifier: MIT
#include "fetch/byte_source.h"

namespace omicsfs {
namespace {

// Ends within its first poll.
class ReadingAtOnce final : public Reading {
 public:
  ReadingAtOnce(ByteSource& source, std::uint64_t offset)
      : source_(source), offset_(offset) {}
  std::optional<Result<void>> poll(std::span<std::byte> out,
                                   const ReadLimits& limits,
                                   const WakerPointer& /*waker*/) override {
    return source_.read_at(offset_, out, limits);
  }

 private:
  ByteSource& source_;
  const std::uint64_t offset_;
};

}  // namespace

std::unique_ptr<Reading> ByteSource::begin_read(ByteRange range) {
  return std::make_unique<ReadingAtOnce>(*this, range.offset);
}

}  // namespace omicsfs
