// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/sources/encode_catalogue.h"

namespace omicsfs {

// As read_encode_catalogue, of a document that is JSON.
Result<void> read_encode_json(const ReadPiece& read, const EncodeRows& rows);

}  // namespace omicsfs
