// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "fs/settings.h"

// A cache directory that several users share: its group may write to it
// (mode 2770), and all that is made in it is that group's.

namespace omicsfs {

// Whether the group of `directory` may write to it.
[[nodiscard]] bool is_shared(const std::filesystem::path& directory);

// From now on, all that this process makes in a shared cache is for its group;
// what is made elsewhere stays this user's, as the state directory is. Gives
// the group what an earlier, unshared use of this user's has left there.
// REQUIRES: this process has one thread, and is not confined.
void follow_sharing(const Settings& settings);

// Why this user cannot use the cache; empty where all is well. A directory that
// is not there, and can be made, is well.
[[nodiscard]] std::string why_unusable(const std::filesystem::path& directory);

}  // namespace omicsfs
