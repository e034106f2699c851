// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

// Names that a directory of ours may hold: 1 to 255 bytes of UTF-8 without '/',
// NUL or another control character, and neither "." nor "..".

namespace omicsfs {

inline constexpr std::size_t kMaxNameBytes = 255;   // NAME_MAX
inline constexpr std::size_t kMaxPathBytes = 4095;  // PATH_MAX less its NUL
inline constexpr std::size_t kMaxPathDepth = 64;    // names in one path

// Errors: kInvalid, naming the rule that `name` breaks (the name is quoted and
// shortened in the message, never printed raw).
Result<void> check_entry_name(std::string_view name);

// A valid name for any bytes. '/', control characters (C0, DEL, C1) and bytes
// that are not UTF-8 become %XX each (and '%' itself %25 where an escape is
// written, so that no two escaped names meet); "", "." and ".." become "%",
// "%2E", "%2E%2E"; a name over 255 bytes keeps its start and its extension
// around "~<8 hex of its SHA-256>". A valid name is returned unchanged, so it
// may meet an escaped one where it looks like one; the tree refuses that.
[[nodiscard]] std::string clean_entry_name(std::string_view raw);

// Splits a relative path into its names. Errors: kInvalid for a path that is
// empty, absolute, longer than kMaxPathBytes, deeper than kMaxPathDepth, or
// has a name that check_entry_name refuses (so also "a//b", "a/../b", "a/").
Result<std::vector<std::string_view>> split_path(std::string_view path);

// What stands behind the last '/' of `path`, all of it where there is none.
[[nodiscard]] constexpr std::string_view last_entry_name(
    std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// `text` fit for a terminal: control characters and invalid UTF-8 as \xNN, '"'
// and '\' behind a '\'; what is longer than `max_bytes` ends in "...".
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t max_bytes);

// `text` for an error message: at most 80 bytes of printable text, in double
// quotes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace omicsfs
