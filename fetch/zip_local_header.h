// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "catalog/remote_file.h"
#include "catalog/result.h"

namespace omicsfs {

// The fixed part of a local file header (APPNOTE.TXT 4.3.7).
inline constexpr std::size_t kLocalHeaderBytes = 30;
// Where the length of the name stands in it.
inline constexpr std::size_t kNameLengthAt = 26;

// How many bytes lie between the start of a member's local header and its
// data: the header with the name and the extra field, whose lengths only it
// knows. `bytes` is its fixed part.
// Errors: kCorrupt, no such header, or one that tells another method than the
// archive's directory did.
Result<std::uint64_t> local_header_length(std::span<const std::byte> bytes,
                                          MemberMethod method);

}  // namespace omicsfs
