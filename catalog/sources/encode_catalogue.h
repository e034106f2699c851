// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "catalog/read_piece.h"
#include "catalog/result.h"
#include "catalog/sources/encode_fields.h"

namespace omicsfs {

// Who is given the rows of a catalogue.
struct EncodeRows {
  // `place` says where the row stands: "line 7", "file 7". What it returns is
  // the end of the reading where it is an error.
  std::function<Result<void>(EncodeFile& file, const std::string& place)> take;
  // A row that is none, and why.
  std::function<void(const std::string& place, const std::string& why)> bad;
  // Where a files.txt says that its metadata.tsv is. The list may come from
  // elsewhere: open nothing but an http(s) url.
  std::function<void(const std::string& place)> metadata_link;
  // The document has all files that a search found, as its "total" says.
  std::function<void()> is_search = [] {};
};

// Reads a catalogue of ENCODE's files in any of the forms in which there is
// one, told apart by the first bytes: a JSON array of File objects or the
// answer of a portal search (its "@graph"); tab-separated, with a header line,
// encode_file_manifest.tsv, report.tsv or metadata.tsv; a files.txt. Columns
// are known by their names alone. A last line that is cut short or empty is
// passed over. Errors: those of `read` and `rows.take`; kInvalid, it is none of
// these, naming what is wrong.
Result<void> read_encode_catalogue(const ReadPiece& read,
                                   const EncodeRows& rows);

}  // namespace omicsfs
