// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omicsfs {

// How a record is found by a field. The numbers are kept in snapshots.
enum class FieldKind {
  kTerm = 0,      // by its value
  kTermList = 1,  // by each element of its value, a JSON array of scalars
  kText = 2,  // by looking at each record: what nearly all have their own of
};

// A field of a record that is being written. A record may have one name
// several times; a name's kind is that of its first use.
struct RecordField {
  std::string_view name;
  std::string_view value;
  FieldKind kind = FieldKind::kTerm;
};

// What a source describes: a sample, an experiment, a file.
struct NewRecord {
  std::string_view kind;  // "sample"
  std::string_view name;  // its accession
  std::string_view path;  // where in the tree it is, or ""
  std::span<const RecordField> fields;
  // The node that it describes, whose attributes its fields then are too; 0 =
  // none.
  std::int64_t node = 0;
};

struct RecordValue {
  std::string name;
  std::string text;
  bool is_list = false;  // then `text` is a JSON array

  bool operator==(const RecordValue&) const = default;
};

// A record as it is read.
struct SnapshotRecord {
  std::string kind;
  std::string name;
  std::string path;
  std::vector<RecordValue> fields;  // in the order in which they were written
};

}  // namespace omicsfs
