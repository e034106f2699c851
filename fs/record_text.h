// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/snapshot_writer.h"

namespace omicsfs {

// "sample<TAB>SRR1<TAB>datasets/x/SRP1<TAB>sex=female disease=…": one line, its
// control characters as spaces.
[[nodiscard]] std::string record_line(const SnapshotRecord& record);
// A JSON object: kind, name, path, and the fields; what a record has several
// times is an array.
[[nodiscard]] std::string record_json(const SnapshotRecord& record);

}  // namespace omicsfs
