// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// How much room the cache must make. Pure.

namespace omicsfs {

// Bytes, all of one moment.
struct SpaceState {
  std::uint64_t limit = 0;      // the cache may use this much
  std::uint64_t used = 0;       // it is charged for this much
  std::uint64_t keep_free = 0;  // the disk must keep this much free
  std::uint64_t disk_free = 0;  // it has this much free
};

// Bytes that must go before `wanted` more may be written; 0 = there is room.
[[nodiscard]] std::uint64_t deficit(const SpaceState& state,
                                    std::uint64_t wanted);

// Bytes to evict for a deficit: a twentieth of the limit more than needed (at
// most 1 GiB), so that a full cache does not evict at each request.
[[nodiscard]] std::uint64_t eviction_target(std::uint64_t deficit_bytes,
                                            std::uint64_t limit);

}  // namespace omicsfs
