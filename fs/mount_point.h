// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "catalog/result.h"

namespace omicsfs {

// The absolute path of a directory that can be mounted on. A mount of ours
// whose server died (ENOTCONN) is unmounted first.
// Errors: kNotFound, not there; kInvalid, no directory, or an omicsfs is
// mounted there already; kIo.
Result<std::filesystem::path> prepare_mount_point(const std::string& path);

}  // namespace omicsfs
