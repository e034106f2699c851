// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace omicsfs {

// Appends `cell` to a line of tab-separated values: in double quotes, its own
// doubled, where it holds a tab, a quote or a line break, as pandas, polars and
// TsvReader read it.
inline void append_tsv_cell(std::string& line, std::string_view cell) {
  const auto is_plain = [](char c) {
    return c != '\t' && c != '"' && c != '\r' && c != '\n';
  };
  if (std::all_of(cell.begin(), cell.end(), is_plain)) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    line += c == '"' ? "\"\"" : std::string_view(&c, 1);
  }
  line += '"';
}

}  // namespace omicsfs
