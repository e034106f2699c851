// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace omicsfs {

// The members of a File object that the search asks for, keys joined by dots:
// all from which a column of files.tsv is made, and what tells where a file's
// bytes are. Audits and quality metrics are left out: they are most of a File
// object. Pure.
[[nodiscard]] std::span<const std::string_view> encode_search_keys();

// The search of the portal at `portal`, a url that ends in a slash, whose
// answer tells of every released file, and of every archived one where
// `archived`. Pure.
[[nodiscard]] std::string encode_search_url(std::string_view portal,
                                            bool archived);

}  // namespace omicsfs
