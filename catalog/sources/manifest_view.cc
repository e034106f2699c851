// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_view.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "catalog/archive_directories.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kArchiveKey = "fs:archive";
constexpr std::string_view kColumnsKey = "fs:columns";

Result<void> read_archive(const JsonValue& value, ManifestEntry& entry) {
  if (const auto shown = value.as_bool()) {
    entry.view.members_at = *shown ? archive_directory(entry.path) : "";
    return {};
  }
  const auto path = value.as_string();
  if (!path || path->empty()) {
    return value.error("expected true, false or a path");
  }
  entry.view.members_at = *path;
  return {};
}

bool is_at_or_below(std::string_view path, std::string_view file) {
  return path.starts_with(file) &&
         (path.size() == file.size() || path[file.size()] == '/');
}

Result<void> check_members_at(const std::string& directory,
                              const ManifestEntry& entry) {
  if (const auto names = split_path(directory); !names) {
    return names.error().within(std::string(kArchiveKey));
  }
  if (is_at_or_below(directory, entry.path)) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("{}: {} is the file itself, or runs through it",
                             kArchiveKey, omicsfs::quoted(directory))};
  }
  return entry.view.is_array()
             ? Error{ErrorCode::kInvalid,
                     fmt::format("{} are those of an array, and {} tells of "
                                 "the members of an archive",
                                 kColumnsKey, kArchiveKey)}
             : Result<void>();
}

std::string archive_text(const ManifestEntry& entry) {
  const std::string& directory = *entry.view.members_at;
  if (directory.empty()) {
    return "false";
  }
  return directory == archive_directory(entry.path) ? "true"
                                                    : json_quoted(directory);
}

std::string blocks_text(const std::vector<ColumnBlock>& blocks) {
  std::string text;
  for (const ColumnBlock& block : blocks) {
    text += fmt::format("{}{}: [{}, {}]", text.empty() ? "" : ", ",
                        json_quoted(block.name), block.first, block.end);
  }
  return "{" + text + "}";
}

std::string columns_text(const FileView& view) {
  if (view.is_array()) {
    return blocks_text(view.columns.at(""));
  }
  std::string text;
  for (const auto& [name, blocks] : view.columns) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", json_quoted(name),
                        blocks_text(blocks));
  }
  return "{" + text + "}";
}

}  // namespace

Result<void> read_manifest_view(const JsonValue& resource,
                                ManifestEntry& entry) {
  if (const auto archive = resource.find(kArchiveKey)) {
    if (auto read = read_archive(*archive, entry); !read) {
      return read;
    }
  }
  const auto told = resource.find(kColumnsKey);
  auto columns =
      told ? read_file_columns(*told) : Result<ColumnTable>(ColumnTable());
  if (!columns) {
    return columns.error();
  }
  entry.view.columns = *std::move(columns);
  return {};
}

Result<void> check_manifest_view(const ManifestEntry& entry) {
  const FileView& view = entry.view;
  const bool has_members = view.members_at && !view.members_at->empty();
  if (entry.data && (has_members || !view.columns.empty())) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("its data are text, of which nothing is shown by "
                             "{} and {}",
                             kArchiveKey, kColumnsKey)};
  }
  return has_members ? check_members_at(*view.members_at, entry)
                     : Result<void>();
}

std::string view_text(const ManifestEntry& entry) {
  std::string text;
  if (entry.view.members_at) {
    text += fmt::format(", \"{}\": {}", kArchiveKey, archive_text(entry));
  }
  if (!entry.view.columns.empty()) {
    text += fmt::format(", \"{}\": {}", kColumnsKey, columns_text(entry.view));
  }
  return text;
}

}  // namespace omicsfs
