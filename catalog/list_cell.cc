// SPDX-License-Identifier: MIT
#include "catalog/list_cell.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/json_fields.h"

namespace omicsfs {
namespace {

Result<std::string> scalar_text(const JsonValue& value) {
  if (value.is_string()) {
    return value.as_string();
  }
  if (const auto size = value.as_size()) {
    return std::to_string(*size);
  }
  const auto flag = value.as_bool();
  if (!flag) {
    return value.error("neither a text nor a whole number");
  }
  return std::string(*flag ? "true" : "false");
}

// Within a text it stands for itself.
bool is_plain(char c) { return c >= ' ' && c < '\x7F' && c != '\\'; }

// Nearly all lists hold nothing but texts in plain ASCII, and an import meets
// millions: they are not worth a parser. None for other lists.
std::optional<std::vector<std::string>> plain_texts(std::string_view cell) {
  if (!cell.starts_with('[') || !cell.ends_with(']') || cell.size() < 2 ||
      !std::all_of(cell.begin(), cell.end(), is_plain)) {
    return std::nullopt;
  }
  std::vector<std::string> items;
  std::string_view rest = cell.substr(1, cell.size() - 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('"', 1);
    if (rest.front() != '"' || end == std::string_view::npos) {
      return std::nullopt;
    }
    items.emplace_back(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    if (rest.starts_with(", \"") || rest.starts_with(",\"")) {
      rest.remove_prefix(rest[1] == ' ' ? 2 : 1);
    } else if (!rest.empty()) {
      return std::nullopt;
    }
  }
  return items;
}

}  // namespace

Result<std::vector<std::string>> list_items(std::string_view cell) {
  if (auto texts = plain_texts(cell)) {
    return *std::move(texts);
  }
  const auto list = JsonValue::parse(cell);
  if (!list) {
    return list.error();
  }
  const auto elements = list->elements();
  if (!elements) {
    return elements.error();
  }
  std::vector<std::string> items;
  items.reserve(elements->size());
  for (const JsonValue& element : *elements) {
    auto item = scalar_text(element);
    if (!item) {
      return item.error();
    }
    items.push_back(*std::move(item));
  }
  return items;
}

}  // namespace omicsfs
