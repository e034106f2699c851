// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/record.h"
#include "catalog/result.h"
#include "catalog/sqlite.h"

namespace omicsfs {

// Gathers what records are found by: for each value of each field the records
// that have it, as differences of their ids, and each value's text once.
// Thread-compatible; memory is that of the distinct values and a byte or two
// for each value of each record.
class RecordIndex {
 public:
  // A source with more is no catalogue of few words.
  static constexpr std::size_t kMaxValues = 4'000'000;

  // Each takes some 300 bytes, and a listing of fields shows them all.
  static constexpr std::size_t kMaxFields = 200'000;

  // What the row of the record `id` holds of its fields (record_values in
  // snapshot_records.h reads it). REQUIRES: ids rise from call to call.
  // Errors: kInvalid, a list that is no JSON array of scalars, more than
  // kMaxValues distinct values, or more than kMaxFields fields.
  Result<std::string> add(std::int64_t id, std::span<const RecordField> fields);

  // Writes the tables fields, texts and terms. Errors: those of SQLite.
  Result<void> write(Database& database) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <typename Value>
  using ByText = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  struct Known {  // a value that a field has had
    std::uint32_t text = 0;
    std::vector<std::uint32_t> terms;
  };
  struct Field {
    std::string name;
    FieldKind kind;
    ByText<Known> values{};
    ByText<std::uint32_t> terms{};
  };
  struct Term {
    std::uint32_t field;
    std::string value;
    std::uint64_t records = 0;
    std::int64_t last = 0;  // id of the record that came last
    std::string ids{};      // varints: each id less the one before
  };

  std::size_t field_of(const RecordField& field, std::size_t guess);
  Result<const Known*> known(std::uint32_t field, std::string_view value);
  Result<std::vector<std::uint32_t>> terms_of(std::uint32_t field,
                                              std::string_view value);
  std::uint32_t term_of(std::uint32_t field, std::string_view value);
  void note(Term& term, std::int64_t id);
  Result<void> write_fields(Database& database) const;
  Result<void> write_terms(Database& database) const;

  std::vector<Field> fields_;
  ByText<std::size_t> by_name_;  // indices of fields_
  std::vector<Term> terms_;
  std::uint32_t texts_ = 0;
};

}  // namespace omicsfs
