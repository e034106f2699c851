// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/snapshot.h"
#include "catalog/snapshot_check.h"
#include "catalog/snapshot_pool.h"
#include "catalog/snapshot_records.h"
#include "catalog/snapshot_rows.h"
#include "catalog/snapshot_schema.h"

// A node's extended attributes: those that were set, and the fields of its
// record.

namespace omicsfs {
namespace {

// The fields of the record of node `id`; none where it has no record.
Result<std::vector<RecordValue>> record_of(SnapshotConnection& connection,
                                           NodeId id) {
  std::string blob;
  {
    Rows rows = connection.rows(SnapshotQuery::kRecord, {id});
    const Result<bool> found = rows.step();
    if (!found) {
      return found.error();
    }
    if (!*found) {
      return std::vector<RecordValue>();
    }
    blob = blob_text(rows, 0);
  }
  return record_values(
      std::as_bytes(std::span(blob)),
      [&](std::int64_t field) -> Result<FieldName> {
        Rows rows = connection.rows(SnapshotQuery::kField, {field});
        const auto found = step_to(rows, damaged_snapshot("a field"));
        return found ? Result<FieldName>(
                           {std::string(rows.text(0)),
                            static_cast<FieldKind>(rows.integer(1))})
                     : found.error();
      },
      [&](std::int64_t text) -> Result<std::string> {
        Rows rows = connection.rows(SnapshotQuery::kText, {text});
        const auto found = step_to(rows, damaged_snapshot("a text"));
        return found ? Result<std::string>(std::string(rows.text(0)))
                     : found.error();
      });
}

// What stands before a field's name in the attribute of its node; none where
// fields are no attributes here.
Result<std::optional<std::string>> field_prefix(
    SnapshotConnection& connection) {
  Rows rows = connection.rows(SnapshotQuery::kProperty, {kFieldPrefixProperty});
  return optional_text(rows);
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> Snapshot::xattrs(
    NodeId id) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  std::vector<std::pair<std::string, std::string>> all;
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kXattrs, {id});
    while (true) {
      const Result<bool> more = rows.step();
      if (!more) {
        return more.error();
      }
      if (!*more) {
        break;
      }
      all.emplace_back(rows.text(0), rows.text(1));
    }
  }
  const auto prefix = field_prefix(**lease);
  if (!prefix || !*prefix) {
    return prefix ? Result<std::vector<std::pair<std::string, std::string>>>(
                        std::move(all))
                  : prefix.error();
  }
  const auto fields = record_of(**lease, id);
  if (!fields) {
    return fields.error();
  }
  for (const RecordValue& field : *fields) {
    all.emplace_back(**prefix + field.name, field.text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::optional<std::string>> Snapshot::xattr(
    NodeId id, std::string_view name) const {
  Result<Pool::Lease> lease = pool_->borrow();
  if (!lease) {
    return lease.error();
  }
  {
    Rows rows = (*lease)->rows(SnapshotQuery::kXattr, {id, name});
    auto own = optional_text(rows);
    if (!own || *own) {
      return own;
    }
  }
  const auto prefix = field_prefix(**lease);
  if (!prefix || !*prefix || !name.starts_with(**prefix)) {
    return prefix ? Result<std::optional<std::string>>(std::nullopt)
                  : prefix.error();
  }
  const auto fields = record_of(**lease, id);
  if (!fields) {
    return fields.error();
  }
  name.remove_prefix((*prefix)->size());
  for (const RecordValue& field : *fields) {
    if (field.name == name) {
      return std::optional(field.text);
    }
  }
  return std::optional<std::string>();
}

}  // namespace omicsfs
