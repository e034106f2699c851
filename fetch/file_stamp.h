// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace omicsfs {

// Names one state of one file: which file it is (inode), its size, and when its
// bytes and its entry last changed, to the nanosecond. A write, a truncation, a
// hole punched, a copy restored from a backup: each has another stamp. Device
// numbers are left out, as they may change with each boot. Never 0, which means
// "no stamp". Pure.
[[nodiscard]] std::uint64_t stamp_of(const struct stat& facts);

// The stamp of the open file `fd`; 0 where it cannot be told.
[[nodiscard]] std::uint64_t stamp_of(int fd);

}  // namespace omicsfs
