// SPDX-License-Identifier: MIT
#include "tests/catalog/tree_text.h"

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

std::string below(const Snapshot& snapshot, NodeId directory,
                  const std::string& prefix);

std::string line_of(const Snapshot& snapshot, const DirectoryEntry& entry,
                    const std::string& path) {
  switch (entry.node.kind) {
    case NodeKind::kDirectory:
      return path + "/\n" + below(snapshot, entry.node.id, path + "/");
    case NodeKind::kSymlink: {
      const auto target = snapshot.symlink_target(entry.node.id);
      return path + " -> " + (target ? *target : target.error().message) + "\n";
    }
    default:
      return path + " " + std::to_string(entry.node.size) + " bytes, " +
             std::to_string(entry.node.links) + " links\n";
  }
}

std::string below(const Snapshot& snapshot, NodeId directory,
                  const std::string& prefix) {
  const auto entries = snapshot.list(directory, 0, 1000000);
  if (!entries) {
    return prefix + ": " + entries.error().message + "\n";
  }
  std::string text;
  for (const DirectoryEntry& entry : *entries) {
    text += line_of(snapshot, entry, prefix + entry.name);
  }
  return text;
}

}  // namespace

std::string tree_text(const Snapshot& snapshot, const std::string& path) {
  const Result<NodeFacts> node = node_at(snapshot, path);
  const std::string prefix = path.empty() ? "" : path + "/";
  return node ? below(snapshot, node->id, prefix) : node.error().message;
}

Result<NodeFacts> node_at(const Snapshot& snapshot, const std::string& path) {
  Result<NodeFacts> node = snapshot.node(kRootNode);
  if (path.empty()) {
    return node;
  }
  const auto names = split_path(path);
  if (!names) {
    return names.error();
  }
  for (const std::string_view name : *names) {
    if (!node) {
      return node.error().within(path);
    }
    node = snapshot.lookup(node->id, name);
  }
  return node ? node : node.error().within(path);
}

}  // namespace omicsfs
