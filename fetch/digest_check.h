// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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

// Reads all of `file` from disk and compares it with its published digest.
struct FileVerdict {
  DigestVerdict verdict = DigestVerdict::kUnknown;
  std::vector<std::uint32_t> crcs{};  // CRC-32C of each block that was read
};
[[nodiscard]] FileVerdict digest_agrees(CachedFile& file,
                                        const std::stop_token& stop);
// Likewise of bytes that came by one flight, all of a file's. REQUIRES: they
// are here.
[[nodiscard]] DigestVerdict digest_agrees(const Flight& whole,
                                          const Digest& published);

}  // namespace omicsfs
