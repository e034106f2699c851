// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "catalog/record.h"

namespace omicsfs {

// "sample<TAB>SRR1<TAB>datasets/x/SRP1<TAB>sex=female disease=…": one line, its
// control characters as spaces.
[[nodiscard]] std::string record_line(const SnapshotRecord& record);
// A JSON object: kind, name, path, and the fields; what a record has several
// times is an array.
[[nodiscard]] std::string record_json(const SnapshotRecord& record);

// A table's lines, without their ends: kind, name, path and the columns
// `fields`, tabs between, cells quoted as Python's csv module quotes them. Of a
// field that a record has several times, all values, as a JSON array.
[[nodiscard]] std::string record_table_header(
    const std::vector<std::string>& fields);
[[nodiscard]] std::string record_table_line(
    const SnapshotRecord& record, const std::vector<std::string>& fields);

}  // namespace omicsfs
