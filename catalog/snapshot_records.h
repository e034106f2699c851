// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/record.h"
#include "catalog/result.h"

// What RecordIndex wrote, read again.

namespace omicsfs {

// A field of the table `fields`.
struct FieldName {
  std::string name;
  FieldKind kind = FieldKind::kTerm;
};

// The fields that `blob`, a row's, holds; `field` gives one of them by its id
// and `text` a row of `texts`. Errors: those of both; kCorrupt, no such blob.
Result<std::vector<RecordValue>> record_values(
    std::span<const std::byte> blob,
    const std::function<Result<FieldName>(std::int64_t)>& field,
    const std::function<Result<std::string>(std::int64_t)>& text);

using RecordIds = std::vector<std::int64_t>;  // in order, each once

// The ids that `blob`, a term's, holds; none where it is damaged.
[[nodiscard]] std::optional<RecordIds> term_records(
    std::span<const std::byte> blob);

}  // namespace omicsfs
