// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

// The header of numpy's array files (numpy.lib.format, versions 1.0 to 3.0):
// "\x93NUMPY", two bytes of version, the length of what follows (two bytes,
// little-endian; four from version 2.0 on), and a Python dictionary of `descr`,
// `fortran_order` and `shape`. Then the elements, one after another.

namespace omicsfs {

// What must be read of a file before its header's length is known.
inline constexpr std::size_t kNpyPrefixBytes = 12;
// numpy itself writes some hundred bytes, and refuses to read over 10,000.
inline constexpr std::size_t kMaxNpyHeaderBytes = 65'536;

struct NpyHeader {
  std::string descr;             // the elements' type as written, "<f2"
  std::uint64_t item_bytes = 0;  // of one element; may be 0 ("<U0")
  bool fortran_order = false;    // columns one after another
  std::vector<std::uint64_t> shape;
  std::uint64_t header_bytes = 0;  // from the file's start to its elements
};

// How long the header is, which `prefix` begins, in bytes from the file's
// start. Errors: kInvalid, no array file of numpy's (also where `prefix` is
// shorter than kNpyPrefixBytes), or a header over kMaxNpyHeaderBytes;
// kUnsupported, another version.
Result<std::size_t> npy_header_length(std::span<const char> prefix);

// Reads the header in `bytes`, which has all of it and may go on. Errors: those
// of npy_header_length; kInvalid, cut short, no such dictionary, or elements
// whose bytes are more than 2^62; kUnsupported, elements that are structures,
// or pickled objects.
Result<NpyHeader> parse_npy_header(std::span<const char> bytes);

// The bytes of all elements. REQUIRES: parse_npy_header() gave `header`.
[[nodiscard]] std::uint64_t npy_data_bytes(const NpyHeader& header);

// The header, of version 1.0, of `rows` times `columns` elements of type
// `descr`, row by row. It has 4096 bytes, blanks for the most part: a page of
// its own, so that to map the array costs none of its rows.
// REQUIRES: `descr` came from parse_npy_header().
[[nodiscard]] std::string npy_table_header(std::string_view descr,
                                           std::uint64_t rows,
                                           std::uint64_t columns);

}  // namespace omicsfs
