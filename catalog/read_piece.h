// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "catalog/result.h"

namespace omicsfs {

// Fills the start of what it is given, which is not empty, with the document's
// next bytes; 0 at its end, and from then on.
using ReadPiece = std::function<Result<std::size_t>(std::span<char> out)>;

}  // namespace omicsfs
