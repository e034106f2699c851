// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "tests/fs/driver.h"

namespace omicsfs {

// The file system as FUSE would call it, without FUSE.
[[nodiscard]] std::unique_ptr<Driver> make_core_driver();

}  // namespace omicsfs
