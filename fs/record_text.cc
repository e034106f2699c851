// SPDX-License-Identifier: MIT
#include "fs/record_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "catalog/json_fields.h"
#include "catalog/tsv_cell.h"

namespace omicsfs {
namespace {

// The values of one field: as they are where there is one, else an array.
std::string cell_of(const SnapshotRecord& record, const std::string& name) {
  std::vector<std::string> values;
  for (const RecordValue& field : record.fields) {
    if (field.name == name) {
      values.push_back(field.text);
    }
  }
  if (values.size() < 2) {
    return values.empty() ? "" : values.front();
  }
  std::string list;
  for (const std::string& value : values) {
    list += list.empty() ? "[" : ", ";
    list += json_quoted(value);
  }
  return list += ']';
}

}  // namespace

std::string record_line(const SnapshotRecord& record) {
  std::string fields;
  for (const RecordValue& field : record.fields) {
    fields += fmt::format("{}{}={}", fields.empty() ? "" : " ", field.name,
                          field.text);
  }
  std::replace_if(
      fields.begin(), fields.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; },
      ' ');
  return fmt::format("{}\t{}\t{}\t{}", record.kind, record.name, record.path,
                     fields);
}

std::string record_json(const SnapshotRecord& record) {
  std::map<std::string, std::vector<std::string>> values;
  for (const RecordValue& field : record.fields) {
    values[field.name].push_back(field.is_list ? field.text
                                               : json_quoted(field.text));
  }
  std::string fields;
  for (const auto& [name, all] : values) {
    const std::string text = all.size() == 1
                                 ? all.front()
                                 : fmt::format("[{}]", fmt::join(all, ", "));
    fields += fmt::format("{}{}: {}", fields.empty() ? "" : ", ",
                          json_quoted(name), text);
  }
  return fmt::format(
      R"({{"kind": {}, "name": {}, "path": {}, "fields": {{{}}}}})",
      json_quoted(record.kind), json_quoted(record.name),
      json_quoted(record.path), fields);
}

std::string record_table_header(const std::vector<std::string>& fields) {
  return fmt::format("kind\tname\tpath{}{}", fields.empty() ? "" : "\t",
                     fmt::join(fields, "\t"));
}

std::string record_table_line(const SnapshotRecord& record,
                              const std::vector<std::string>& fields) {
  std::string line;
  append_tsv_cell(line, record.kind);
  for (const std::string& cell : {record.name, record.path}) {
    line += '\t';
    append_tsv_cell(line, cell);
  }
  for (const std::string& name : fields) {
    line += '\t';
    append_tsv_cell(line, cell_of(record, name));
  }
  return line;
}

}  // namespace omicsfs
