// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "catalog/digest.h"
#include "fetch/cached_file.h"
#include "fetch/flight.h"

namespace omicsfs {

enum class DigestVerdict {
  kAgrees,
  kDiffers,
  kUnknown,  // stopped, no digest published, or a block was not there
};

struct FileVerdict {
  DigestVerdict verdict = DigestVerdict::kUnknown;
  std::vector<std::uint32_t> crcs{};  // CRC-32C of each block that was read
};

// The flight that has each block of a file in memory; null: it is on disk.
using BlocksInMemory = std::vector<std::shared_ptr<const Flight>>;

// Compares all of `file` with its published digest, reading from disk what is
// not in memory. `memory` names each block, or it is empty: all is on disk.
[[nodiscard]] FileVerdict digest_agrees(CachedFile& file,
                                        const BlocksInMemory& memory,
                                        const std::stop_token& stop);

}  // namespace omicsfs
