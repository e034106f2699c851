// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/record.h"
#include "catalog/result.h"

namespace omicsfs {

// A field and the value that it must have; case does not count in the value.
struct FieldCondition {
  std::string name;
  std::string value;
};

// A field by which records are found.
struct Facet {
  std::string name;
  std::uint64_t values = 0;  // different ones
};

struct FacetValue {
  std::string value;
  std::uint64_t records = 0;
};

// The records of one snapshot. A field may be asked for by another name where
// the source gave it one ("assay" for "assay_title"). Thread-compatible.
class RecordFinder {
 public:
  // The property that names fields otherwise: "assay=assay_title,…".
  static constexpr std::string_view kAliasesProperty = "field_aliases";
  // The property that tells under which names, comma by comma, a condition
  // means the record's own name.
  static constexpr std::string_view kNamesProperty = "record_name_fields";

  // Errors: those of Snapshot::open.
  static Result<RecordFinder> open(const std::filesystem::path& path);
  RecordFinder(RecordFinder&&) noexcept;
  ~RecordFinder();

  // Gives each record that meets all `conditions`, and is of `kind` unless that
  // is "", to `take`, in order. Errors: those of `take`; kInvalid, no record
  // has a field of that name (the message names those that there are);
  // kCorrupt, kIo.
  using Take = std::function<Result<void>(const SnapshotRecord&)>;
  Result<void> find(std::span<const FieldCondition> conditions,
                    std::string_view kind, const Take& take);
  // Errors: kInvalid, no record is of `kind` (the message names the kinds that
  // there are).
  Result<void> check_kind(std::string_view kind);
  // How many there are. Errors: as find.
  Result<std::uint64_t> count(std::span<const FieldCondition> conditions,
                              std::string_view kind);

  // The names of all fields, in the order in which the source gave them.
  [[nodiscard]] std::vector<std::string> fields() const;
  // The fields by which records are found, in order of their names.
  Result<std::vector<Facet>> facets();
  // The values of one of them, the most frequent first. Errors: kInvalid, there
  // is no such field.
  Result<std::vector<FacetValue>> facet_values(std::string_view name);

 private:
  struct Tables;
  explicit RecordFinder(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

}  // namespace omicsfs
