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

Error damaged_fields() { return damaged_snapshot("a record's fields"); }

// The value at the start of `blob`, of a field of that kind.
Result<std::string> take_value(
    std::span<const std::byte>& blob, FieldKind kind,
    const std::function<Result<std::string>(std::int64_t)>& text) {
  if (kind == FieldKind::kText) {
    auto own = take_text(blob);
    return own ? Result<std::string>(*std::move(own)) : damaged_fields();
  }
  const auto shared = take_id(blob);
  return shared ? text(*shared) : damaged_fields();
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
      return damaged_fields();
    }
    const auto name = field(*id);
    if (!name) {
      return name.error();
    }
    auto value = take_value(blob, name->kind, text);
    if (!value) {
      return value.error();
    }
    values.push_back(
        {name->name, *std::move(value), name->kind == FieldKind::kTermList});
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
