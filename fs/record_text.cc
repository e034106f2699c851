// SPDX-License-Identifier: MIT
#include "fs/record_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "catalog/json_fields.h"

namespace omicsfs {

std::string record_line(const SnapshotRecord& record) {
  std::string fields;
  for (const auto& [name, value] : record.fields) {
    fields += fmt::format("{}{}={}", fields.empty() ? "" : " ", name, value);
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
  for (const auto& [name, value] : record.fields) {
    values[name].push_back(json_quoted(value));
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

}  // namespace omicsfs
