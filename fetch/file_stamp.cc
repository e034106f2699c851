// SPDX-License-Identifier: MIT
#include "fetch/file_stamp.h"

#include <initializer_list>

namespace omicsfs {
namespace {

// The finaliser of SplitMix64 (Steele et al., OOPSLA 2014): every bit of the
// value changes half of the bits of the outcome.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t stamp_of(const struct stat& facts) {
  const auto number = [](auto value) {
    return static_cast<std::uint64_t>(value);
  };
  std::uint64_t stamp = 0x9E3779B97F4A7C15U;
  for (const std::uint64_t part :
       {number(facts.st_ino), number(facts.st_size),
        number(facts.st_mtim.tv_sec), number(facts.st_mtim.tv_nsec),
        number(facts.st_ctim.tv_sec), number(facts.st_ctim.tv_nsec)}) {
    stamp = mixed(stamp ^ part) + 0x9E3779B97F4A7C15U;
  }
  return stamp == 0 ? 1 : stamp;
}

std::uint64_t stamp_of(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? stamp_of(facts) : 0;
}

}  // namespace omicsfs
