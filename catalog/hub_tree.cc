// SPDX-License-Identifier: MIT
#include "catalog/hub_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
    return "";
  }
  const std::size_t start = api + kApi.size();
  std::string_view repository =
      url.substr(start, std::max(tree, start) - start);
  // Only models stand at the root.
  if (repository.starts_with(kModels)) {
    repository.remove_prefix(kModels.size());
  }
  std::string_view revision = url.substr(tree + kTree.size());
  revision = revision.substr(0, revision.find('/'));
  return repository.empty() || revision.empty()
             ? ""
             : fmt::format("{}/{}/resolve/{}/", url.substr(0, api), repository,
                           revision);
}

}  // namespace omicsfs
