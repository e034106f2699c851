// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_catalogue.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "catalog/document_text.h"
#include "catalog/sources/encode_json.h"
#include "catalog/sources/encode_table.h"

namespace omicsfs {
namespace {

// Enough to tell what a document is.
constexpr std::size_t kFirstBytes = 4096;

bool is_file_list(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view bare = line.starts_with('"') ? line.substr(1) : line;
  return line.find('\t') == std::string_view::npos && bare.starts_with("http");
}

}  // namespace

Result<void> read_encode_catalogue(const ReadPiece& read,
                                   const EncodeRows& rows) {
  const auto first = first_bytes(read, kFirstBytes);
  if (!first) {
    return first.error();
  }
  std::size_t given = 0;
  const ReadPiece whole = [&](std::span<char> out) -> Result<std::size_t> {
    if (given == first->size()) {
      return read(out);
    }
    const std::size_t count = std::min(out.size(), first->size() - given);
    std::copy_n(first->begin() + static_cast<std::ptrdiff_t>(given), count,
                out.begin());
    given += count;
    return count;
  };
  const std::size_t begin = first->find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    return Error{ErrorCode::kInvalid, "the document is empty"};
  }
  const char c = (*first)[begin];
  if (c == '[' || c == '{') {
    return read_encode_json(whole, rows);
  }
  return is_file_list(*first) ? read_encode_file_list(whole, rows)
                              : read_encode_table(whole, rows);
}

}  // namespace omicsfs
