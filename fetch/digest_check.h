// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>

#include "fetch/cached_file.h"

namespace omicsfs {

enum class DigestVerdict {
  kAgrees,
  kDiffers,
  kUnknown,  // stopped, no digest published, or a block was not there
};

// Reads all of `file` from disk and compares it with its published digest.
[[nodiscard]] DigestVerdict digest_agrees(CachedFile& file,
                                          const std::stop_token& stop);

}  // namespace omicsfs
