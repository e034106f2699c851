// SPDX-License-Identifier: MIT
#include "catalog/snapshot_rows.h"

#include <cstddef>
#include <span>
#include <utility>

namespace omicsfs {

Result<void> step_to(Rows& rows, Error absent) {
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? Result<void>() : Result<void>(std::move(absent));
}

Result<std::optional<std::string>> optional_text(Rows& rows) {
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? std::optional<std::string>(rows.text(0)) : std::nullopt;
}

std::string blob_text(const Rows& rows, int column) {
  const std::span<const std::byte> bytes = rows.blob(column);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace omicsfs
