// SPDX-License-Identifier: MIT
#include "fs/text_table.h"

#include <algorithm>

namespace omicsfs {
namespace {

std::vector<std::size_t> column_widths(
    const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], row[column].size());
    }
  }
  return widths;
}

std::string padded(const std::string& cell, std::size_t width, Align align) {
  const std::string space(width - cell.size(), ' ');
  return align == Align::kRight ? space + cell : cell + space;
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows,
                       const std::vector<Align>& alignment) {
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const Align align =
          column < alignment.size() ? alignment[column] : Align::kLeft;
      line += column == 0 ? "" : "  ";
      line += padded(row[column], widths[column], align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace omicsfs
