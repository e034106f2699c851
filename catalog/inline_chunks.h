// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "catalog/result.h"

// How a snapshot keeps the bytes of an inline file that is not small: in chunks
// of one size, each compressed by itself, so that any place of it can be read
// alone. A kept chunk is one byte, 'z' (zlib, RFC 1950) or 'r' (as it is),
// before its bytes.

namespace omicsfs {

inline constexpr std::uint64_t kChunkBytes = std::uint64_t{128} << 10U;
// More bytes than this are kept in chunks.
inline constexpr std::size_t kMostWholeBytes = 4096;
// Bits of a chunk's row id that number it within its file.
inline constexpr unsigned kChunkBits = 23;
// The largest file of chunks.
inline constexpr std::uint64_t kMaxInlineBytes = kChunkBytes << kChunkBits;

// The row of chunk `number` of the node `node`.
[[nodiscard]] constexpr std::int64_t chunk_row(std::int64_t node,
                                               std::uint64_t number) {
  return static_cast<std::int64_t>(
      (static_cast<std::uint64_t>(node) << kChunkBits) + number);
}

// The chunk that keeps `bytes`. REQUIRES: at most kChunkBytes.
[[nodiscard]] std::string pack_chunk(std::string_view bytes);
// The inverse. Errors: kCorrupt, `kept` is no chunk.
Result<std::string> unpack_chunk(std::span<const std::byte> kept);

}  // namespace omicsfs
