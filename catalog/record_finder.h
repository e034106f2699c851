// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "catalog/result.h"
#include "catalog/snapshot_writer.h"

namespace omicsfs {

// A field and the value that it must have; case does not count in the value.
struct FieldCondition {
  std::string name;
  std::string value;
};

// Gives each record of the snapshot at `path` that meets all `conditions` to
// `take`, in the order in which the source gave them. Errors: those of
// Snapshot::open and of `take`; kInvalid, no record has a field of that name
// (the message names those that there are).
Result<void> find_records(
    const std::filesystem::path& path,
    std::span<const FieldCondition> conditions,
    const std::function<Result<void>(const SnapshotRecord&)>& take);

}  // namespace omicsfs
