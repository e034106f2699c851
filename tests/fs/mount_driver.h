// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "tests/fs/driver.h"

namespace omicsfs {

// The program itself, through the kernel.
[[nodiscard]] std::unique_ptr<Driver> make_mount_driver();

}  // namespace omicsfs
