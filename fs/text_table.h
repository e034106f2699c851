// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace omicsfs {

enum class Align { kLeft, kRight };

// Rows of cells as text: columns as wide as their widest cell, two spaces
// between them, no spaces at a line's end, a newline after each row. Columns
// past the end of `alignment` are on the left. Widths count bytes. Pure.
[[nodiscard]] std::string text_table(
    const std::vector<std::vector<std::string>>& rows,
    const std::vector<Align>& alignment);

}  // namespace omicsfs
