// SPDX-License-Identifier: MIT
#include "catalog/record_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "catalog/ascii_case.h"
#include "catalog/entry_name.h"
#include "catalog/snapshot_check.h"
#include "catalog/snapshot_records.h"
#include "catalog/sqlite.h"
#include "catalog/unique_fd.h"

namespace omicsfs {
namespace {

// Calls `take(rows)` for each row. Errors: those of SQLite and of `take`.
template <typename TakeRow>
Result<void> each_row(Rows& rows, const TakeRow& take) {
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    if (Result<void> taken = take(rows); !taken) {
      return taken;
    }
  }
}

// SQLite's NOCASE: the letters of ASCII.
bool equal_nocase(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// The parts of `text` between `separator`s.
std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    parts.emplace_back(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return parts;
}

RecordIds both(const RecordIds& left, const RecordIds& right) {
  RecordIds ids;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(ids));
  return ids;
}

// Rows of `records` that are looked at by their fields, as these have no terms.
struct Looked {
  std::string name;
  std::string value;
};

bool meets(const SnapshotRecord& record, std::span<const Looked> all) {
  return std::all_of(all.begin(), all.end(), [&](const Looked& one) {
    return std::any_of(record.fields.begin(), record.fields.end(),
                       [&](const RecordValue& field) {
                         return field.name == one.name &&
                                equal_nocase(field.text, one.value);
                       });
  });
}

}  // namespace

struct RecordFinder::Tables {
  UniqueFd lock;
  Database database;
  std::map<std::string, std::string, std::less<>> aliases{};
  std::vector<std::string> names{};  // that mean a record's own
  std::unordered_map<std::int64_t, FieldName> fields{};
  std::unordered_map<std::int64_t, std::string> texts{};  // those read so far
  std::optional<Statement> text{}, record{}, kind{};

  Result<void> load();
  Result<std::string> property(std::string_view name);
  Result<std::string> text_at(std::int64_t id);
  Result<SnapshotRecord> record_at(std::int64_t id);
  [[nodiscard]] std::string real_name(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> field_id(
      std::string_view name) const;
  [[nodiscard]] std::string known_fields() const;
  [[nodiscard]] Error unknown(std::string_view name) const;
  Result<RecordIds> with_term(std::int64_t field, std::string_view value);
  Result<RecordIds> ids_of(std::string_view sql,
                           std::initializer_list<SqlValue> values);

  struct Match {
    RecordIds ids;
    std::vector<Looked> looked;
  };
  Result<Match> match(std::span<const FieldCondition> conditions);
  Result<std::optional<RecordIds>> meeting(const FieldCondition& condition,
                                           std::vector<Looked>& looked);
};

Result<std::string> RecordFinder::Tables::property(std::string_view name) {
  auto statement =
      database.prepare("SELECT value FROM properties WHERE name = ?1");
  if (!statement) {
    return statement.error();
  }
  Rows rows = statement->rows({name});
  const Result<bool> found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? std::string(rows.text(0)) : std::string();
}

Result<void> RecordFinder::Tables::load() {
  const auto told = property(kAliasesProperty);
  const auto named = property(kNamesProperty);
  if (!told || !named) {
    return told ? named.error() : told.error();
  }
  for (const std::string& pair : parts_of(*told, ',')) {
    const auto at = pair.find('=');
    aliases.emplace(pair.substr(0, at),
                    at == std::string::npos ? pair : pair.substr(at + 1));
  }
  names = parts_of(*named, ',');
  const std::pair<std::optional<Statement>*, std::string_view> statements[] = {
      {&text, "SELECT text FROM texts WHERE id = ?1"},
      {&record, "SELECT kind, name, path, fields FROM records WHERE id = ?1"},
      {&kind, "SELECT 1 FROM records WHERE id = ?1 AND kind = ?2"},
  };
  for (const auto& [slot, sql] : statements) {
    auto statement = database.prepare(sql);
    if (!statement) {
      return statement.error();
    }
    slot->emplace(*std::move(statement));
  }
  auto statement = database.prepare("SELECT id, name, kind FROM fields");
  if (!statement) {
    return statement.error();
  }
  Rows rows = statement->rows();
  return each_row(rows, [this](Rows& row) -> Result<void> {
    fields.emplace(row.integer(0),
                   FieldName{std::string(row.text(1)),
                             static_cast<FieldKind>(row.integer(2))});
    return {};
  });
}

Result<std::string> RecordFinder::Tables::text_at(std::int64_t id) {
  const auto known = texts.find(id);
  if (known != texts.end()) {
    return known->second;
  }
  Rows rows = text->rows({id});
  const Result<bool> found = rows.step();
  if (!found || !*found) {
    return found ? damaged_snapshot("a text") : found.error();
  }
  return texts.emplace(id, rows.text(0)).first->second;
}

Result<SnapshotRecord> RecordFinder::Tables::record_at(std::int64_t id) {
  Rows rows = record->rows({id});
  const Result<bool> found = rows.step();
  if (!found || !*found) {
    return found ? damaged_snapshot("a record") : found.error();
  }
  SnapshotRecord read{std::string(rows.text(0)),
                      std::string(rows.text(1)),
                      std::string(rows.text(2)),
                      {}};
  auto values = record_values(
      rows.blob(3),
      [this](std::int64_t field) -> Result<FieldName> {
        const auto known = fields.find(field);
        return known == fields.end()
                   ? Result<FieldName>(damaged_snapshot("a field"))
                   : known->second;
      },
      [this](std::int64_t shared) { return text_at(shared); });
  if (!values) {
    return values.error();
  }
  read.fields = *std::move(values);
  return read;
}

std::string RecordFinder::Tables::real_name(std::string_view name) const {
  const auto alias = aliases.find(name);
  return alias == aliases.end() ? std::string(name) : alias->second;
}

std::optional<std::int64_t> RecordFinder::Tables::field_id(
    std::string_view name) const {
  for (const auto& [id, field] : fields) {
    if (field.name == name) {
      return id;
    }
  }
  return std::nullopt;
}

std::string RecordFinder::Tables::known_fields() const {
  std::vector<std::string> all = names;
  for (const auto& [id, field] : fields) {
    all.push_back(field.name);
  }
  for (const auto& [alias, name] : aliases) {
    if (field_id(name)) {
      all.push_back(alias);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::string text_of_all;
  for (const std::string& name : all) {
    text_of_all += text_of_all.empty() ? "" : ", ";
    text_of_all += name;
  }
  return text_of_all;
}

Error RecordFinder::Tables::unknown(std::string_view name) const {
  const std::string known = known_fields();
  const std::string real = real_name(name);
  const std::string meaning =
      real == name ? "" : ", which stands for " + omicsfs::quoted(real);
  return {ErrorCode::kInvalid,
          "nothing here has a field " + quoted(name) + meaning +
              (known.empty() ? "" : "; there are ") + known};
}

// A value that is written in several ways has several terms.
Result<RecordIds> RecordFinder::Tables::with_term(std::int64_t field,
                                                  std::string_view value) {
  auto statement =
      database.prepare("SELECT ids FROM terms WHERE field = ?1 AND value = ?2");
  if (!statement) {
    return statement.error();
  }
  RecordIds ids;
  Rows rows = statement->rows({field, value});
  const auto read = each_row(rows, [&](Rows& row) -> Result<void> {
    const auto more = term_records(row.blob(0));
    if (!more) {
      return damaged_snapshot("a term");
    }
    RecordIds all;
    std::set_union(ids.begin(), ids.end(), more->begin(), more->end(),
                   std::back_inserter(all));
    ids = std::move(all);
    return {};
  });
  return read ? Result<RecordIds>(std::move(ids)) : read.error();
}

Result<RecordIds> RecordFinder::Tables::ids_of(
    std::string_view sql, std::initializer_list<SqlValue> values) {
  auto statement = database.prepare(sql);
  if (!statement) {
    return statement.error();
  }
  RecordIds ids;
  Rows rows = statement->rows(values);
  const auto read = each_row(rows, [&](Rows& row) -> Result<void> {
    ids.push_back(row.integer(0));
    return {};
  });
  return read ? Result<RecordIds>(std::move(ids)) : read.error();
}

// The records that meet `condition`; none where that must be looked for in the
// records themselves, and is put to `looked`.
Result<std::optional<RecordIds>> RecordFinder::Tables::meeting(
    const FieldCondition& condition, std::vector<Looked>& looked) {
  using Found = std::optional<RecordIds>;
  const std::string name = real_name(condition.name);
  const bool own = std::find(names.begin(), names.end(), name) != names.end();
  const auto field = field_id(name);
  if (!own && !field) {
    return unknown(condition.name);
  }
  if (!own && fields.at(*field).kind == FieldKind::kText) {
    looked.push_back({name, condition.value});
    return Found();
  }
  auto ids = own ? ids_of(
                       "SELECT id FROM records WHERE name = ?1 COLLATE "
                       "NOCASE ORDER BY id",
                       {condition.value})
                 : with_term(*field, condition.value);
  return ids ? Result<Found>(*std::move(ids)) : ids.error();
}

Result<RecordFinder::Tables::Match> RecordFinder::Tables::match(
    std::span<const FieldCondition> conditions) {
  Match result;
  std::optional<RecordIds> ids;
  for (const FieldCondition& condition : conditions) {
    auto more = meeting(condition, result.looked);
    if (!more) {
      return more.error();
    }
    if (*more) {
      ids = ids ? both(*ids, **more) : **std::move(more);
    }
  }
  if (!ids) {
    auto all = ids_of("SELECT id FROM records ORDER BY id", {});
    if (!all) {
      return all.error();
    }
    ids = *std::move(all);
  }
  result.ids = *std::move(ids);
  return result;
}

RecordFinder::RecordFinder(std::unique_ptr<Tables> tables)
    : tables_(std::move(tables)) {}
RecordFinder::RecordFinder(RecordFinder&&) noexcept = default;
RecordFinder::~RecordFinder() = default;

Result<RecordFinder> RecordFinder::open(const std::filesystem::path& path) {
  auto lock = open_snapshot_file(path);
  if (!lock) {
    return lock.error();
  }
  if (const auto header = examine_snapshot(path, lock->get()); !header) {
    return header.error().within(path.native());
  }
  auto database = Database::open(path, OpenMode::kImmutable);
  if (!database) {
    return database.error();
  }
  auto tables =
      std::make_unique<Tables>(Tables{*std::move(lock), *std::move(database)});
  const auto loaded = tables->load();
  return loaded ? Result<RecordFinder>(RecordFinder(std::move(tables)))
                : loaded.error();
}

Result<void> RecordFinder::find(std::span<const FieldCondition> conditions,
                                std::string_view kind, const Take& take) {
  const auto match = tables_->match(conditions);
  if (!match) {
    return match.error();
  }
  for (const std::int64_t id : match->ids) {
    const auto record = tables_->record_at(id);
    if (!record) {
      return record.error();
    }
    const bool wanted = kind.empty() || record->kind == kind;
    if (!wanted || !meets(*record, match->looked)) {
      continue;
    }
    if (auto taken = take(*record); !taken) {
      return taken;
    }
  }
  return {};
}

// The kinds are few, and each is found by a walk over the records at most.
Result<void> RecordFinder::check_kind(std::string_view kind) {
  auto any =
      tables_->ids_of("SELECT id FROM records WHERE kind = ?1 LIMIT 1", {kind});
  if (!any || !any->empty()) {
    return any ? Result<void>() : any.error();
  }
  auto statement =
      tables_->database.prepare("SELECT DISTINCT kind FROM records ORDER BY 1");
  if (!statement) {
    return statement.error();
  }
  std::string known;
  Rows rows = statement->rows();
  auto read = each_row(rows, [&known](Rows& row) -> Result<void> {
    known.append(known.empty() ? "" : ", ").append(row.text(0));
    return {};
  });
  if (!read) {
    return read;
  }
  return Error{
      ErrorCode::kInvalid,
      fmt::format("no record is of the kind {}; there are: {}",
                  omicsfs::quoted(kind), known.empty() ? "none" : known)};
}

Result<std::uint64_t> RecordFinder::count(
    std::span<const FieldCondition> conditions, std::string_view kind) {
  const auto match = tables_->match(conditions);
  if (!match) {
    return match.error();
  }
  if (kind.empty() && match->looked.empty()) {
    return std::uint64_t{match->ids.size()};
  }
  std::uint64_t records = 0;
  const auto counted = find(conditions, kind, [&](const SnapshotRecord&) {
    ++records;
    return Result<void>();
  });
  return counted ? Result<std::uint64_t>(records) : counted.error();
}

std::vector<std::string> RecordFinder::fields() const {
  std::map<std::int64_t, std::string> by_id;
  for (const auto& [id, field] : tables_->fields) {
    by_id.emplace(id, field.name);
  }
  std::vector<std::string> names;
  names.reserve(by_id.size());
  for (const auto& [id, name] : by_id) {
    names.push_back(name);
  }
  return names;
}

Result<std::vector<Facet>> RecordFinder::facets() {
  auto statement = tables_->database.prepare(
      "SELECT name, count(*) FROM terms JOIN fields ON fields.id = field "
      "GROUP BY field ORDER BY name");
  if (!statement) {
    return statement.error();
  }
  std::vector<Facet> all;
  Rows rows = statement->rows();
  const auto read = each_row(rows, [&](Rows& row) -> Result<void> {
    all.push_back(
        {std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1))});
    return {};
  });
  return read ? Result<std::vector<Facet>>(std::move(all)) : read.error();
}

Result<std::vector<FacetValue>> RecordFinder::facet_values(
    std::string_view name) {
  const auto field = tables_->field_id(tables_->real_name(name));
  if (!field || tables_->fields.at(*field).kind == FieldKind::kText) {
    return tables_->unknown(name);
  }
  auto statement = tables_->database.prepare(
      "SELECT value, records FROM terms WHERE field = ?1 "
      "ORDER BY records DESC, value");
  if (!statement) {
    return statement.error();
  }
  std::vector<FacetValue> all;
  Rows rows = statement->rows({*field});
  const auto read = each_row(rows, [&](Rows& row) -> Result<void> {
    all.push_back(
        {std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1))});
    return {};
  });
  return read ? Result<std::vector<FacetValue>>(std::move(all)) : read.error();
}

}  // namespace omicsfs
