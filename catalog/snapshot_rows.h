// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "catalog/result.h"
#include "catalog/sqlite.h"

// What the reads of a snapshot do with the rows of a query.

namespace omicsfs {

// Goes to the one row that is wanted. Errors: `absent` where there is none;
// those of Rows::step.
Result<void> step_to(Rows& rows, Error absent);
// The text of column 0 of the one row, where there is one. Errors: those of
// Rows::step.
Result<std::optional<std::string>> optional_text(Rows& rows);
// The bytes of a column.
[[nodiscard]] std::string blob_text(const Rows& rows, int column);

}  // namespace omicsfs
