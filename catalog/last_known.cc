// SPDX-License-Identifier: MIT
#include "catalog/last_known.h"

#include <utility>

#include "catalog/document_text.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

std::optional<NodeFacts> node_at_path(const Snapshot* before,
                                      std::string_view path) {
  const auto names = split_path(path);
  if (before == nullptr || !names) {
    return std::nullopt;
  }
  std::optional<NodeFacts> node;
  NodeId parent = kRootNode;
  for (const std::string_view name : *names) {
    const auto found = before->lookup(parent, name);
    if (!found) {
      return std::nullopt;
    }
    node = *found;
    parent = found->id;
  }
  return node;
}

}  // namespace

bool was_known(const Snapshot* before, std::string_view path) {
  return node_at_path(before, path).has_value();
}

std::optional<RemoteFile> last_known_file(const Snapshot* before,
                                          std::string_view path) {
  const auto node = node_at_path(before, path);
  if (!node || node->kind != NodeKind::kRemoteFile) {
    return std::nullopt;
  }
  auto file = before->remote_file(node->id);
  return file ? std::optional(*std::move(file)) : std::nullopt;
}

std::optional<std::string> last_known_text(const Snapshot* before,
                                           std::string_view path) {
  const auto node = node_at_path(before, path);
  if (!node || node->kind != NodeKind::kInlineFile) {
    return std::nullopt;
  }
  auto text = before->inline_bytes(node->id, 0, node->size);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

std::optional<std::string> last_known_property(const Snapshot* before,
                                               std::string_view name) {
  if (before == nullptr) {
    return std::nullopt;
  }
  auto text = before->property(name);
  return text ? *std::move(text) : std::nullopt;
}

const std::string& place_of(const SourceSettings& settings) {
  return settings.listing.empty() ? settings.base_url : settings.listing;
}

bool keeps_what_was_known(const SourceInput& input) {
  return !input.allow_empty &&
         last_known_property(input.before, kPlaceProperty) ==
             place_of(input.settings);
}

std::string document_property(std::string_view place) {
  return std::string("document ").append(place);
}

Result<std::uint64_t> check_known_document(const SourceInput& input,
                                           const std::string& place,
                                           Result<std::uint64_t> files) {
  const bool is_known =
      !place.starts_with('/') && !input.allow_empty &&
      last_known_property(input.before, document_property(place));
  if (!is_known || (files && *files > 0)) {
    return files;
  }
  const std::string told = told_place(place);
  return error_of_known(
      files ? Error{ErrorCode::kInvalid, told + ": it lists no file"}
            : files.error(),
      told);
}

}  // namespace omicsfs
