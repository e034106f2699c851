// SPDX-License-Identifier: MIT
#include "catalog/record_finder.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/snapshot_check.h"
#include "catalog/sqlite.h"

namespace omicsfs {
namespace {

using RecordIds = std::vector<std::int64_t>;  // in order

Result<std::string> known_fields(Database& database) {
  auto statement =
      database.prepare("SELECT DISTINCT name FROM terms ORDER BY name");
  if (!statement) {
    return statement.error();
  }
  std::string names;
  Rows rows = statement->rows();
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return names;
    }
    names += (names.empty() ? "" : ", ") + std::string(rows.text(0));
  }
}

// kInvalid where no record has a field of that name.
Result<void> check_field(Database& database, const std::string& name) {
  auto statement =
      database.prepare("SELECT 1 FROM terms WHERE name = ?1 LIMIT 1");
  if (!statement) {
    return statement.error();
  }
  Rows rows = statement->rows({name});
  const Result<bool> found = rows.step();
  if (!found || *found) {
    return found ? Result<void>() : found.error();
  }
  const auto names = known_fields(database);
  if (!names) {
    return names.error();
  }
  return Error{ErrorCode::kInvalid,
               "nothing here has a field " + omicsfs::quoted(name) +
                   (names->empty() ? "" : "; there are " + *names)};
}

Result<RecordIds> ids_of(Statement& statement,
                         std::initializer_list<SqlValue> values) {
  RecordIds ids;
  Rows rows = statement.rows(values);
  while (true) {
    const Result<bool> more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return ids;
    }
    ids.push_back(rows.integer(0));
  }
}

Result<RecordIds> matching(Database& database,
                           std::span<const FieldCondition> conditions) {
  auto all = database.prepare("SELECT id FROM records ORDER BY id");
  auto one = database.prepare(
      "SELECT DISTINCT record FROM terms JOIN record_terms "
      "ON record_terms.term = terms.id "
      "WHERE terms.name = ?1 AND terms.value = ?2 ORDER BY record");
  if (!all || !one) {
    return all ? one.error() : all.error();
  }
  std::optional<RecordIds> ids;
  for (const FieldCondition& condition : conditions) {
    if (auto checked = check_field(database, condition.name); !checked) {
      return checked.error();
    }
    auto more = ids_of(*one, {condition.name, condition.value});
    if (!more) {
      return more;
    }
    if (ids) {
      RecordIds both;
      std::set_intersection(ids->begin(), ids->end(), more->begin(),
                            more->end(), std::back_inserter(both));
      ids = std::move(both);
    } else {
      ids = *std::move(more);
    }
  }
  return ids ? Result<RecordIds>(*std::move(ids)) : ids_of(*all, {});
}

// Reads records by their ids.
class RecordReader {
 public:
  static Result<RecordReader> create(Database& database) {
    auto record =
        database.prepare("SELECT kind, name, path FROM records WHERE id = ?1");
    auto fields = database.prepare(
        "SELECT terms.name, written FROM record_terms JOIN terms "
        "ON terms.id = term WHERE record = ?1 ORDER BY position");
    if (!record || !fields) {
      return record ? fields.error() : record.error();
    }
    return RecordReader(*std::move(record), *std::move(fields));
  }

  Result<SnapshotRecord> read(std::int64_t id) {
    SnapshotRecord record;
    {
      Rows rows = record_.rows({id});
      const Result<bool> found = rows.step();
      if (!found || !*found) {
        return found ? damaged_snapshot("a record") : found.error();
      }
      record.kind = rows.text(0);
      record.name = rows.text(1);
      record.path = rows.text(2);
    }
    Rows rows = fields_.rows({id});
    while (true) {
      const Result<bool> more = rows.step();
      if (!more) {
        return more.error();
      }
      if (!*more) {
        return record;
      }
      record.fields.emplace_back(rows.text(0), rows.text(1));
    }
  }

 private:
  RecordReader(Statement record, Statement fields)
      : record_(std::move(record)), fields_(std::move(fields)) {}
  Statement record_;
  Statement fields_;
};

}  // namespace

Result<void> find_records(
    const std::filesystem::path& path,
    std::span<const FieldCondition> conditions,
    const std::function<Result<void>(const SnapshotRecord&)>& take) {
  const auto lock = open_snapshot_file(path);
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
  const auto ids = matching(*database, conditions);
  if (!ids) {
    return ids.error();
  }
  auto reader = RecordReader::create(*database);
  if (!reader) {
    return reader.error();
  }
  for (const std::int64_t id : *ids) {
    const auto record = reader->read(id);
    if (!record) {
      return record.error();
    }
    if (auto taken = take(*record); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace omicsfs
