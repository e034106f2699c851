// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace omicsfs {

// The mode of a file made in `directory`: 0660 where its group may write there,
// as in a cache that several users share, else 0600. Directories follow the
// umask, and a setgid directory hands its group on to all that is made in it.
[[nodiscard]] mode_t file_mode_in(const std::filesystem::path& directory);

}  // namespace omicsfs
