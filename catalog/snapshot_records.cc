// SPDX-License-Identifier: MIT
#include "catalog/snapshot_records.h"

#include <limits>
#include <utility>

#include "catalog/snapshot_check.h"
#include "catalog/varint.h"

namespace omicsfs {
namespace {

constexpr auto kMaxId =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::optional<std::int64_t> take_id(std::span<const std::byte>& blob) {
  const auto value = take_varint(blob);
  if (!value || *value > kMaxId) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

// The text that stands in `blob` itself, behind its length.
std::optional<std::string> take_text(std::span<const std::byte>& blob) {
  const auto length = take_varint(blob);
  if (!length || *length > blob.size()) {
    return std::nullopt;
  }
  const auto bytes = blob.first(*length);
  blob = blob.subspan(*length);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<std::vector<RecordValue>> record_values(
    std::span<const std::byte> blob,
    const std::function<Result<FieldName>(std::int64_t)>& field,
    const std::function<Result<std::string>(std::int64_t)>& text) {
  std::vector<RecordValue> values;
  while (!blob.empty()) {
    const auto id = take_id(blob);
    if (!id) {
      return damaged_snapshot("a record's fields");
    }
    const auto name = field(*id);
    if (!name) {
      return name.error();
    }
    RecordValue value{name->name, {}, name->kind == FieldKind::kTermList};
    if (name->kind == FieldKind::kText) {
      auto own = take_text(blob);
      if (!own) {
        return damaged_snapshot("a record's fields");
      }
      value.text = *std::move(own);
    } else {
      const auto shared = take_id(blob);
      auto told =
          shared ? text(*shared)
                 : Result<std::string>(damaged_snapshot("a record's fields"));
      if (!told) {
        return told.error();
      }
      value.text = *std::move(told);
    }
    values.push_back(std::move(value));
  }
  return values;
}

std::optional<RecordIds> term_records(std::span<const std::byte> blob) {
  RecordIds ids;
  ids.reserve(blob.size());
  std::uint64_t id = 0;
  while (!blob.empty()) {
    const auto step = take_varint(blob);
    if (!step || *step == 0 || *step > kMaxId - id) {
      return std::nullopt;
    }
    id += *step;
    ids.push_back(static_cast<std::int64_t>(id));
  }
  return ids;
}

}  // namespace omicsfs
