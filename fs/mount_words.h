// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "fs/settings.h"

namespace omicsfs {

// What the words after `mount -o` ask for.
struct MountWords {
  bool allow_other = false;
  std::vector<std::string> kernel_options;  // nosuid, noexec, …
  std::vector<Assignment> assignments;      // cache.limit=10G, …
};

// Parses a comma-separated list such as "ro,allow_other,cache.limit=10G".
// Words that fstab(5) uses for other programs (noauto, _netdev, x-…) are taken
// and dropped. Pure. Errors: kInvalid for "rw" and for words of no meaning.
Result<MountWords> parse_mount_words(std::string_view text);

}  // namespace omicsfs
