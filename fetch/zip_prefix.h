// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "catalog/result.h"
#include "fetch/byte_source.h"

namespace omicsfs {

// How many bytes stand before an archive, as its last record tells (APPNOTE.TXT
// 4.3.16): where that record begins, less the size and the offset that it
// states for the directory. `tail` is the file's end, `tail_at` its offset.
// None where no such record is there, or one that needs ZIP64.
[[nodiscard]] std::optional<std::uint64_t> prefix_told_by(
    std::span<const std::byte> tail, std::uint64_t tail_at);

// The same of a whole file; 0 where nothing tells of a prefix. Errors: those of
// `archive`.
Result<std::uint64_t> zip_prefix(ByteSource& archive, const ReadLimits& limits);

}  // namespace omicsfs
