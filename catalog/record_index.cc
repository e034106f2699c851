// SPDX-License-Identifier: MIT
#include "catalog/record_index.h"

#include <utility>

#include "catalog/entry_name.h"
#include "catalog/list_cell.h"
#include "catalog/varint.h"

namespace omicsfs {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

// Fields mostly come in one order, so the one behind the last is tried first.
std::size_t RecordIndex::field_of(const RecordField& field, std::size_t guess) {
  if (guess < fields_.size() && fields_[guess].name == field.name) {
    return guess;
  }
  const auto known = by_name_.find(field.name);
  if (known != by_name_.end()) {
    return known->second;
  }
  by_name_.emplace(field.name, fields_.size());
  fields_.push_back({std::string(field.name), field.kind});
  return fields_.size() - 1;
}

std::uint32_t RecordIndex::term_of(std::uint32_t field,
                                   std::string_view value) {
  auto& terms = fields_[field].terms;
  const auto found = terms.find(value);
  if (found != terms.end()) {
    return found->second;
  }
  const auto term = static_cast<std::uint32_t>(terms_.size());
  terms.emplace(value, term);
  terms_.push_back({field, std::string(value)});
  return term;
}

Result<std::vector<std::uint32_t>> RecordIndex::terms_of(
    std::uint32_t field, std::string_view value) {
  if (fields_[field].kind == FieldKind::kTerm) {
    return std::vector<std::uint32_t>{term_of(field, value)};
  }
  const auto items = list_items(value);
  if (!items) {
    return items.error().within("the list " + omicsfs::quoted(value));
  }
  std::vector<std::uint32_t> terms;
  for (const std::string& item : *items) {
    terms.push_back(term_of(field, item));
  }
  return terms;
}

Result<const RecordIndex::Known*> RecordIndex::known(std::uint32_t field,
                                                     std::string_view value) {
  const auto found = fields_[field].values.find(value);
  if (found != fields_[field].values.end()) {
    return &found->second;
  }
  auto terms = terms_of(field, value);
  if (!terms) {
    return terms.error();
  }
  if (texts_ == kMaxValues || terms_.size() > kMaxValues) {
    return Error{ErrorCode::kInvalid, "there are more than " +
                                          std::to_string(kMaxValues) +
                                          " different values to be found by"};
  }
  const auto added =
      fields_[field].values.emplace(value, Known{texts_++, *std::move(terms)});
  return &added.first->second;
}

// A value that a list has twice counts once.
void RecordIndex::note(Term& term, std::int64_t id) {
  if (term.last == id) {
    return;
  }
  put_varint(term.ids, static_cast<std::uint64_t>(id - term.last));
  term.last = id;
  ++term.records;
}

Result<std::string> RecordIndex::add(std::int64_t id,
                                     std::span<const RecordField> fields) {
  std::string blob;
  std::size_t guess = 0;
  for (const RecordField& field : fields) {
    const std::size_t index = field_of(field, guess);
    if (fields_.size() > kMaxFields) {
      return Error{ErrorCode::kInvalid, "the records have more than " +
                                            std::to_string(kMaxFields) +
                                            " different fields"};
    }
    guess = index + 1;
    put_varint(blob, index);
    if (fields_[index].kind == FieldKind::kText) {
      put_varint(blob, field.value.size());
      blob += field.value;
      continue;
    }
    const auto value = known(static_cast<std::uint32_t>(index), field.value);
    if (!value) {
      return value.error().within(std::string(field.name));
    }
    put_varint(blob, (*value)->text);
    for (const std::uint32_t term : (*value)->terms) {
      note(terms_[term], id);
    }
  }
  return blob;
}

Result<void> RecordIndex::write_fields(Database& database) const {
  auto add_field =
      database.prepare("INSERT INTO fields(id, name, kind) VALUES(?1, ?2, ?3)");
  auto add_text =
      database.prepare("INSERT INTO texts(id, text) VALUES(?1, ?2)");
  if (!add_field || !add_text) {
    return add_field ? add_text.error() : add_field.error();
  }
  for (std::size_t index = 0; index < fields_.size(); ++index) {
    const Field& field = fields_[index];
    if (auto added =
            add_field->run({static_cast<std::int64_t>(index), field.name,
                            static_cast<std::int64_t>(field.kind)});
        !added) {
      return added;
    }
    for (const auto& [text, value] : field.values) {
      if (auto added =
              add_text->run({static_cast<std::int64_t>(value.text), text});
          !added) {
        return added;
      }
    }
  }
  return {};
}

Result<void> RecordIndex::write_terms(Database& database) const {
  auto add_term = database.prepare(
      "INSERT INTO terms(id, field, value, records, ids) "
      "VALUES(?1, ?2, ?3, ?4, ?5)");
  if (!add_term) {
    return add_term.error();
  }
  for (std::size_t index = 0; index < terms_.size(); ++index) {
    const Term& term = terms_[index];
    if (auto added = add_term->run(
            {static_cast<std::int64_t>(index),
             static_cast<std::int64_t>(term.field), term.value,
             static_cast<std::int64_t>(term.records), bytes_of(term.ids)});
        !added) {
      return added;
    }
  }
  return {};
}

Result<void> RecordIndex::write(Database& database) const {
  auto written = write_fields(database);
  return written ? write_terms(database) : written;
}

}  // namespace omicsfs
