// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/result.h"

namespace omicsfs {

// The errno that a program sees for an error of ours: the one table.
[[nodiscard]] int errno_of(ErrorCode code);

}  // namespace omicsfs
