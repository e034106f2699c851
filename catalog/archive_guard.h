// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "catalog/archive_member.h"
#include "catalog/result.h"

// The one place that tells an archive from a bomb.

namespace omicsfs {

struct ArchiveLimits {
  // A member's output over its input. Deflate reaches 1032 (RFC 1951: a match
  // of 258 bytes in two bits); real tables of numbers 60, empty ones 200.
  std::uint64_t ratio = 400;
  // Smaller members may have any ratio.
  std::uint64_t ratio_from = std::uint64_t{64} << 20;  // bytes
  // All members together, in bytes: more than any real archive.
  std::uint64_t total = std::uint64_t{1} << 50;
};

// Makes members unreadable that promise more than `limits` allow, and says why
// in each. Errors: kInvalid for an archive whose members cannot all be in it:
// their compressed bytes are more than its own, so that they overlap, or their
// sizes exceed limits.total.
Result<void> guard_archive(ArchiveMembers& members, std::uint64_t archive_size,
                           const ArchiveLimits& limits = {});

}  // namespace omicsfs
