// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/read_piece.h"

namespace omicsfs {

// What `raw` gives, inflated where it begins as gzip does (RFC 1952): the
// content of all its members, one after another. Zero bytes may follow the
// last, as tape drives and some writers leave them.
// Errors, the same from then on: those of `raw`; kInvalid, broken gzip, one
// that ends early, or other bytes behind it; kIo, no memory.
[[nodiscard]] ReadPiece inflated_if_gzip(ReadPiece raw);

}  // namespace omicsfs
