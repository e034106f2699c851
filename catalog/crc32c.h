// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace omicsfs {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of what has the CRC `before`,
// with `bytes` behind it; 0 = of `bytes` alone. In hardware where the processor
// has it. REQUIRES: fewer than 2^31 bytes.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes,
                                   std::uint32_t before = 0);

}  // namespace omicsfs
