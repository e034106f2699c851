// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "catalog/result.h"

// pread and pwrite that see every byte through.

namespace omicsfs {

// The error that `errno_value` stands for: kNoSpace for ENOSPC and EDQUOT,
// kNotFound for ENOENT, else kIo; "<what>: <strerror>".
[[nodiscard]] Error system_error(const std::string& what, int errno_value);

// Reads from `offset` until `out` is full, the file ends or an error comes.
// Returns the count of bytes read.
std::size_t read_up_to(int fd, std::uint64_t offset, std::span<std::byte> out);

// Writes all of `bytes` at `offset`. Errors: kNoSpace, kIo.
Result<void> write_all(int fd, std::uint64_t offset,
                       std::span<const std::byte> bytes);
// Writes all of `pieces`, one after another. REQUIRES: at most IOV_MAX of them.
Result<void> write_all(int fd, std::uint64_t offset,
                       std::span<const std::span<const std::byte>> pieces);

}  // namespace omicsfs
