// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/sources/encode_catalogue.h"

namespace omicsfs {

// As read_encode_catalogue, of a table with a header line.
Result<void> read_encode_table(const ReadPiece& read, const EncodeRows& rows);

// Likewise of a files.txt: a url a line, and the url of its metadata.tsv in
// double quotes.
Result<void> read_encode_file_list(const ReadPiece& read,
                                   const EncodeRows& rows);

}  // namespace omicsfs
