// SPDX-License-Identifier: MIT
#include "catalog/hub_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

Result<std::string> text_at(const JsonValue& entry, std::string_view key) {
  const auto value = entry.at(key);
  return value ? value->as_string() : value.error();
}

Result<void> read_large_file(const JsonValue& lfs, HubFile& file) {
  const auto oid = lfs.at("oid");
  const auto hex = oid ? oid->as_string() : Result<std::string>(oid.error());
  if (!hex) {
    return hex.error();
  }
  auto digest = parse_digest(DigestKind::kSha256, *hex);
  if (!digest) {
    return oid->error(digest.error().message);
  }
  file.digest = *std::move(digest);
  return {};
}

Result<HubFile> read_hub_file(const JsonValue& entry) {
  auto path = text_at(entry, "path");
  const auto size = entry.at("size");
  const auto bytes =
      size ? size->as_size() : Result<std::uint64_t>(size.error());
  if (!path || !bytes) {
    return path ? bytes.error() : path.error();
  }
  HubFile file{*std::move(path), *bytes};
  if (const auto lfs = entry.find("lfs")) {
    if (auto read = read_large_file(*lfs, file); !read) {
      return read.error();
    }
  }
  return file;
}

// Parts of a tree's url, as it has them.
struct TreeUrl {
  std::string_view hub;
  std::string_view repository;  // "datasets/o/n"; of a model "o/n"
  std::string_view revision;
  std::string_view folder;
};

std::optional<TreeUrl> tree_url_parts(std::string_view url) {
  constexpr std::string_view kApi = "/api/";
  constexpr std::string_view kTree = "/tree/";
  constexpr std::string_view kModels = "models/";
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t path = url.find('/', host);
  const std::size_t api = url.find(kApi, std::min(path, url.size()));
  const std::size_t tree = url.find(kTree, std::min(api, url.size()));
  if (host == 0 || tree == std::string_view::npos || api > tree) {
    return std::nullopt;
  }
  const std::size_t start = api + kApi.size();
  TreeUrl parts{url.substr(0, api),
                url.substr(start, std::max(tree, start) - start),
                url.substr(tree + kTree.size()),
                {}};
  // Only models stand at the root.
  if (parts.repository.starts_with(kModels)) {
    parts.repository.remove_prefix(kModels.size());
  }
  const std::size_t slash = parts.revision.find('/');
  if (slash != std::string_view::npos) {
    parts.folder = parts.revision.substr(slash + 1);
    parts.revision = parts.revision.substr(0, slash);
  }
  return parts.repository.empty() || parts.revision.empty()
             ? std::nullopt
             : std::optional(parts);
}

}  // namespace

Result<std::optional<HubFile>> parse_hub_entry(const JsonValue& entry) {
  const auto type = text_at(entry, "type");
  if (!type) {
    return type.error();
  }
  if (*type != "file") {
    return std::optional<HubFile>();
  }
  auto file = read_hub_file(entry);
  return file ? std::optional(*std::move(file))
              : Result<std::optional<HubFile>>(file.error());
}

Result<std::vector<HubFile>> parse_hub_tree(std::string_view json) {
  const auto document = JsonValue::parse(json);
  const auto entries = document
                           ? document->elements()
                           : Result<std::vector<JsonValue>>(document.error());
  if (!entries) {
    return entries.error();
  }
  std::vector<HubFile> files;
  for (const JsonValue& entry : *entries) {
    auto file = parse_hub_entry(entry);
    if (!file) {
      return file.error();
    }
    if (*file) {
      files.push_back(**std::move(file));
    }
  }
  return files;
}

std::string hub_tree_files(std::string_view url) {
  const auto parts = tree_url_parts(url);
  return parts ? fmt::format("{}/{}/resolve/{}/", parts->hub, parts->repository,
                             parts->revision)
               : "";
}

std::string hub_tree_folder(std::string_view url) {
  const auto parts = tree_url_parts(url);
  std::string folder =
      parts ? percent_decode(parts->folder, PlusSign::kItself).value_or("")
            : "";
  folder += folder.empty() || folder.ends_with('/') ? "" : "/";
  return folder;
}

}  // namespace omicsfs
