// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "catalog/snapshot.h"
#include "fetch/byte_source.h"

namespace omicsfs {

// A file whose bytes the snapshot keeps itself. Thread-safe.
class InlineSource final : public ByteSource {
 public:
  InlineSource(std::shared_ptr<const Snapshot> snapshot, const NodeFacts& node)
      : snapshot_(std::move(snapshot)), node_(node) {}

  [[nodiscard]] std::uint64_t size() const override { return node_.size; }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override;

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  NodeFacts node_;
};

}  // namespace omicsfs
