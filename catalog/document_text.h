// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "catalog/source.h"

namespace omicsfs {

// The whole document at `place`, as OpenDocument has it, inflated where it is
// gzip'd; of one of the web also where it goes on, where `input` can tell.
// Errors: those of input.linked and input.open; kInvalid, it has over
// `max_bytes`, inflated or not, or is broken gzip. REQUIRES: input.open, or
// input.linked where `place` is a url.
Result<LinkedDocument> read_document(const SourceInput& input,
                                     const std::string& place,
                                     std::uint64_t max_bytes);

// The first `count` bytes of a document, or all where it has fewer. Errors:
// those of `read`.
Result<std::string> first_bytes(const ReadPiece& read, std::size_t count);

// `text` as a document, which ends where it does. REQUIRES: `text` outlives it.
[[nodiscard]] ReadPiece pieces_of(const std::string& text);

// `place` as it is told to people: behind a '?' may be a secret.
[[nodiscard]] std::string told_place(const std::string& place);

}  // namespace omicsfs
