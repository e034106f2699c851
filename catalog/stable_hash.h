// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace omicsfs {

// Every bit of `value` changes half of the result's (the finalizer of
// SplitMix64).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

// A fast 64-bit hash, not a cryptographic one. It gives the same value on every
// machine and in every version of this program: inode numbers are made of it
// (node_number.h), so a change here changes them all.
class StableHash {
 public:
  // Hashes with different seeds have nothing in common.
  explicit constexpr StableHash(std::uint64_t seed) : state_(mixed(~seed)) {}

  constexpr StableHash& add(std::uint64_t value) {
    state_ = mixed(state_ ^ value) + 0x9E3779B97F4A7C15U;
    return *this;
  }
  // The length goes in as well, so that parts cannot run together.
  constexpr StableHash& add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    while (!text.empty()) {
      const std::string_view word = text.substr(0, sizeof(std::uint64_t));
      add(little_endian(word));
      text.remove_prefix(word.size());
    }
    return *this;
  }
  [[nodiscard]] constexpr std::uint64_t value() const { return mixed(state_); }

 private:
  static constexpr std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }

  std::uint64_t state_;
};

}  // namespace omicsfs
