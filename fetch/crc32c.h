// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace omicsfs {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, in hardware where
// the processor has it. REQUIRES: fewer than 2^31 bytes.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace omicsfs
