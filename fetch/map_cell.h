// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

// The cell of one block in a block map: eight bytes. Pure.

namespace omicsfs {

inline constexpr std::size_t kMapCellBytes = 8;

// What a cell says of its block. kPresent is "BLK1"; the others have a check of
// their own in the state, for a damaged checksum must not refuse the right
// bytes. Any other value is as kAbsent, so an earlier version takes all but
// kPresent for absent.
enum class CellState : std::uint8_t {
  kAbsent,
  kPresent,  // here, and nobody has checked it
  kSealed,   // here, and part of a file whose digest was right
  kLost,     // was sealed, and is not here any more
  kAgain,    // was lost, and came again with the same checksum
};

[[nodiscard]] std::uint64_t make_cell(CellState state, std::uint32_t crc);
[[nodiscard]] CellState state_of_cell(std::uint64_t cell);
// The checksum of a block that is here.
[[nodiscard]] std::optional<std::uint32_t> crc_of_cell(std::uint64_t cell);
// The checksum that was sealed: a block that comes must have it.
[[nodiscard]] std::optional<std::uint32_t> sealed_crc_of_cell(
    std::uint64_t cell);
// What the cell of a block becomes that is stored, and that is lost.
[[nodiscard]] std::uint64_t stored_cell(std::uint64_t cell, std::uint32_t crc);
[[nodiscard]] std::uint64_t lost_cell(std::uint64_t cell);

}  // namespace omicsfs
