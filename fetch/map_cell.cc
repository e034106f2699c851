// SPDX-License-Identifier: MIT
#include "fetch/map_cell.h"

namespace omicsfs {
namespace {

constexpr std::uint32_t kPresentWord = 0x314B4C42;  // "BLK1"

// The state, and 24 bits that depend on every bit of it and of the checksum:
// the finaliser of MurmurHash3 (Appleby, public domain).
std::uint32_t checked_word(CellState state, std::uint32_t crc) {
  const auto code = static_cast<std::uint32_t>(state);
  std::uint32_t mixed = crc ^ (code * 0x9E3779B1U);
  mixed = (mixed ^ (mixed >> 16)) * 0x85EBCA6BU;
  mixed = (mixed ^ (mixed >> 13)) * 0xC2B2AE35U;
  mixed ^= mixed >> 16;
  return (mixed & 0xFFFFFF00U) | code;
}

}  // namespace

std::uint64_t make_cell(CellState state, std::uint32_t crc) {
  switch (state) {
    case CellState::kAbsent:
      return 0;
    case CellState::kPresent:
      return std::uint64_t{crc} << 32 | kPresentWord;
    case CellState::kSealed:
    case CellState::kLost:
    case CellState::kAgain:
      break;
  }
  return std::uint64_t{crc} << 32 | checked_word(state, crc);
}

CellState state_of_cell(std::uint64_t cell) {
  const auto word = static_cast<std::uint32_t>(cell);
  if (word == kPresentWord) {
    return CellState::kPresent;
  }
  for (const CellState state :
       {CellState::kSealed, CellState::kLost, CellState::kAgain}) {
    if ((word & 0xFFU) == static_cast<std::uint8_t>(state) &&
        word == checked_word(state, static_cast<std::uint32_t>(cell >> 32))) {
      return state;
    }
  }
  return CellState::kAbsent;
}

std::optional<std::uint32_t> crc_of_cell(std::uint64_t cell) {
  const CellState state = state_of_cell(cell);
  if (state == CellState::kAbsent || state == CellState::kLost) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(cell >> 32);
}

std::optional<std::uint32_t> sealed_crc_of_cell(std::uint64_t cell) {
  const CellState state = state_of_cell(cell);
  if (state == CellState::kAbsent || state == CellState::kPresent) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(cell >> 32);
}

std::uint64_t stored_cell(std::uint64_t cell, std::uint32_t crc) {
  return make_cell(
      sealed_crc_of_cell(cell) ? CellState::kAgain : CellState::kPresent, crc);
}

std::uint64_t lost_cell(std::uint64_t cell) {
  const auto sealed = sealed_crc_of_cell(cell);
  return sealed ? make_cell(CellState::kLost, *sealed) : 0;
}

}  // namespace omicsfs
