// SPDX-License-Identifier: MIT
#include "catalog/last_known.h"

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

}  // namespace omicsfs
