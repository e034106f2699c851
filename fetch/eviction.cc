// SPDX-License-Identifier: MIT
#include "fetch/eviction.h"

#include <algorithm>

namespace omicsfs {
namespace {

// How far a + b passes c, without overflow.
std::uint64_t excess(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  if (a > c) {
    const std::uint64_t over = a - c;
    return over > UINT64_MAX - b ? UINT64_MAX : over + b;
  }
  return b > c - a ? b - (c - a) : 0;
}

}  // namespace

std::uint64_t deficit(const SpaceState& state, std::uint64_t wanted) {
  return std::max(excess(state.used, wanted, state.limit),
                  excess(state.keep_free, wanted, state.disk_free));
}

std::uint64_t eviction_target(std::uint64_t deficit_bytes,
                              std::uint64_t limit) {
  constexpr std::uint64_t kMaxSlack = std::uint64_t{1} << 30;
  if (deficit_bytes == 0) {
    return 0;
  }
  const std::uint64_t slack = std::min(limit / 20, kMaxSlack);
  return deficit_bytes > UINT64_MAX - slack ? UINT64_MAX
                                            : deficit_bytes + slack;
}

}  // namespace omicsfs
