// SPDX-License-Identifier: MIT
#include "fs/tree_listing.h"

#include <fmt/format.h>

#include "catalog/json_fields.h"
#include "fs/snapshot_path.h"
#include "fs/text_table.h"
#include "fs/utc_text.h"

namespace omicsfs {
namespace {

constexpr std::size_t kPage = 1000;

// How a kind of node is shown.
struct KindLook {
  std::string_view mode;
  std::string_view type;
  std::string_view suffix;
};

KindLook look_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return {"dr-xr-xr-x", "directory", "/"};
    case NodeKind::kSymlink:
      return {"lrwxrwxrwx", "symlink", ""};
    case NodeKind::kRemoteFile:
    case NodeKind::kInlineFile:
      break;
  }
  return {"-r--r--r--", "file", ""};
}

Result<ListingLine> listed(const Snapshot& snapshot, std::string_view name,
                           const NodeFacts& node) {
  ListingLine entry{std::string(name), node, ""};
  if (node.kind == NodeKind::kSymlink) {
    auto target = snapshot.symlink_target(node.id);
    if (!target) {
      return target.error();
    }
    entry.target = *std::move(target);
  }
  return entry;
}

std::string_view last_name(std::string_view path) {
  path = path.substr(0, path.find_last_not_of('/') + 1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<std::vector<ListingLine>> list_directory(const Snapshot& snapshot,
                                                NodeId directory) {
  std::vector<ListingLine> entries;
  std::uint64_t after = 0;
  while (true) {
    const auto page = snapshot.list(directory, after, kPage);
    if (!page) {
      return page.error();
    }
    if (page->empty()) {
      return entries;
    }
    for (const DirectoryEntry& entry : *page) {
      auto shown = listed(snapshot, entry.name, entry.node);
      if (!shown) {
        return shown.error();
      }
      entries.push_back(*std::move(shown));
    }
    after = page->back().position;
  }
}

std::string shown_name(const ListingLine& entry) {
  const std::string arrow = entry.target.empty() ? "" : " -> " + entry.target;
  return fmt::format("{}{}{}", entry.name, look_of(entry.node.kind).suffix,
                     arrow);
}

std::string json_entry(const ListingLine& entry) {
  const std::string target =
      entry.target.empty() ? "" : ", \"target\": " + json_quoted(entry.target);
  return fmt::format(
      "  {{\"name\": {}, \"type\": \"{}\", \"size\": {}, \"links\": {}, "
      "\"mtime\": \"{}\"{}}}",
      json_quoted(entry.name), look_of(entry.node.kind).type, entry.node.size,
      entry.node.links, utc_text(entry.node.mtime, UtcFormat::kRfc3339),
      target);
}

}  // namespace

Result<std::vector<ListingLine>> list_path(const Snapshot& snapshot,
                                           std::string_view path) {
  const auto node = find_path(snapshot, path);
  if (!node) {
    return node.error();
  }
  if (node->kind == NodeKind::kDirectory) {
    return list_directory(snapshot, node->id);
  }
  auto itself = listed(snapshot, last_name(path), *node);
  if (!itself) {
    return itself.error();
  }
  return std::vector{*std::move(itself)};
}

std::string short_listing(const std::vector<ListingLine>& entries) {
  std::string text;
  for (const ListingLine& entry : entries) {
    text += entry.name;
    text += look_of(entry.node.kind).suffix;
    text += '\n';
  }
  return text;
}

std::string long_listing(const std::vector<ListingLine>& entries) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(entries.size());
  for (const ListingLine& entry : entries) {
    rows.push_back(
        {std::string(look_of(entry.node.kind).mode),
         std::to_string(entry.node.links), std::to_string(entry.node.size),
         utc_text(entry.node.mtime, UtcFormat::kMinutes), shown_name(entry)});
  }
  return text_table(rows, {Align::kLeft, Align::kRight, Align::kRight});
}

std::string json_listing(const std::vector<ListingLine>& entries) {
  std::string text = "[";
  for (const ListingLine& entry : entries) {
    text += text.size() == 1 ? "\n" : ",\n";
    text += json_entry(entry);
  }
  return text + (entries.empty() ? "]\n" : "\n]\n");
}

}  // namespace omicsfs
