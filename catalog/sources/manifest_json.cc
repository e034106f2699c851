// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_json.h"

#include <algorithm>

namespace omicsfs {
namespace {

void append_texts(std::vector<std::string>& texts, const JsonValue& value) {
  if (auto text = value.as_string()) {
    texts.push_back(*std::move(text));
  } else if (const auto size = value.as_size()) {
    texts.push_back(std::to_string(*size));
  } else if (const auto id = value.find("@id"); id && id->is_string()) {
    texts.push_back(*id->as_string());
  }
}

}  // namespace

std::vector<std::string> linked_texts(const JsonValue& value,
                                      std::string_view key) {
  std::vector<std::string> texts;
  const auto member = value.find(key);
  if (!member) {
    return texts;
  }
  if (!member->is_array()) {
    append_texts(texts, *member);
    return texts;
  }
  const auto elements = member->elements();
  for (const JsonValue& element : *elements) {
    append_texts(texts, element);
  }
  return texts;
}

std::string linked_text(const JsonValue& value, std::string_view key) {
  const auto texts = linked_texts(value, key);
  return texts.empty() ? "" : texts.front();
}

bool has_type(const JsonValue& value, std::string_view name) {
  const auto types = linked_texts(value, "@type");
  return std::any_of(types.begin(), types.end(), [name](std::string_view type) {
    return type.substr(type.find_last_of(":/#") + 1) == name;
  });
}

std::optional<std::uint64_t> told_bytes(std::string_view text) {
  for (const std::string_view unit : {" B", "B", " bytes"}) {
    if (text.ends_with(unit)) {
      text.remove_suffix(unit.size());
      break;
    }
  }
  const auto size = parse_manifest_size(text);
  return size ? std::optional(*size) : std::nullopt;
}

Result<void> read_content_facts(ManifestEntry& entry, const JsonValue& value) {
  entry.size = told_bytes(linked_text(value, "contentSize"));
  for (const char* kind : {"sha512", "sha256", "sha1", "md5"}) {
    const std::string text = linked_text(value, kind);
    if (text.empty()) {
      continue;
    }
    if (auto added = add_digest(entry, kind, text); !added) {
      return added;
    }
  }
  return {};
}

}  // namespace omicsfs
