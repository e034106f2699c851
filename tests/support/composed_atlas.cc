// SPDX-License-Identifier: MIT
#include "tests/support/composed_atlas.h"

#include <fmt/format.h>

#include <map>
#include <random>
#include <span>

#include "catalog/digest.h"
#include "catalog/json_fields.h"

namespace omicsfs {
namespace {

std::string noise(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(engine());
  }
  return bytes;
}

std::string table(std::string_view header, int rows) {
  std::string text(header);
  for (int row = 0; row < rows; ++row) {
    text += fmt::format("\ncell_{:06},{},{:.3f}", row, row % 34, row * 0.25);
  }
  return text + "\n";
}

std::string member(std::string_view name, const std::string& value) {
  return json_quoted(name) + ": " + value;
}

// {"a": …, "b": …} with each value as it is.
std::string object(const std::map<std::string, std::string>& members) {
  std::string text;
  for (const auto& [name, value] : members) {
    text += (text.empty() ? "" : ", ") + member(name, value);
  }
  return "{" + text + "}";
}

std::string file_json(const ComposedFile& file, const std::string& base_url) {
  const Digest md5 =
      digest_of(DigestKind::kMd5, std::as_bytes(std::span(file.bytes)));
  return object({{"version", json_quoted(file.version)},
                 {"relative_path", json_quoted(file.relative_path())},
                 {"url", json_quoted(base_url + file.relative_path())},
                 {"size", std::to_string(file.bytes.size())},
                 {"file_hash", json_quoted(md5.hex)}});
}

using Tree = std::map<std::string, std::map<std::string, std::string>>;

// directory -> kind -> the JSON of its tags.
Tree tags_json(const ComposedRelease& release, const std::string& base_url) {
  std::map<std::string,
           std::map<std::string, std::map<std::string, std::string>>>
      levels;
  std::map<std::string,
           std::map<std::string, std::map<std::string, std::string>>>
      tags;
  for (const ComposedFile& file : release.files) {
    const std::string files = object(
        {{"files", object({{file.extension, file_json(file, base_url)}})}});
    if (file.level.empty()) {
      tags[file.directory][file.kind][file.tag] = files;
    } else {
      auto& of_tag = levels[file.directory + "/" + file.kind][file.tag];
      of_tag[file.level] = files;
      tags[file.directory][file.kind][file.tag] = object(of_tag);
    }
  }
  Tree json;
  for (const auto& [directory, kinds] : tags) {
    for (const auto& [kind, of_kind] : kinds) {
      json[directory][kind] = object(of_kind);
    }
  }
  return json;
}

std::string directory_json(const ComposedFile& file,
                           const std::string& base_url) {
  const std::string path =
      file.kind + "/" + file.directory + "/" + file.version;
  return object({{"version", json_quoted(file.version)},
                 {"relative_path", json_quoted(path)},
                 {"url", json_quoted(base_url + path + "/")},
                 {"view_link", json_quoted(base_url + "#" + path + "/")},
                 {"total_size", "0"}});
}

}  // namespace

std::string ComposedFile::relative_path() const {
  return kind + "/" + directory + "/" + version + "/" + folder + tag +
         (level.empty() ? "" : "-" + level) + "." + extension;
}

std::string ComposedFile::view_path(std::string_view release) const {
  const std::string below = kind + "/" + directory + "/" + version + "/";
  return "releases/" + std::string(release) + "/" + directory + "/" + kind +
         "/" + relative_path().substr(below.size());
}

std::string ComposedRelease::manifest(const std::string& base_url) const {
  Tree directories;
  for (const ComposedFile& file : files) {
    directories[file.directory][file.kind] = directory_json(file, base_url);
  }
  std::map<std::string, std::string> listing;
  for (const auto& [directory, kinds] : directories) {
    listing[directory] = object({{"directories", object(kinds)}});
  }
  std::map<std::string, std::string> file_listing;
  for (const auto& [directory, kinds] : tags_json(*this, base_url)) {
    file_listing[directory] = object(kinds);
  }
  return object({{"version", json_quoted(version)},
                 {"resource_uri", json_quoted("s3://composed-atlas/")},
                 {"directory_listing", object(listing)},
                 {"file_listing", object(file_listing)}});
}

std::vector<ComposedRelease> composed_atlas() {
  const ComposedFile views{
      "Cortex-10X", "metadata",
      "20230101",   "cell_metadata",
      "",           "csv",
      "views/",     table("cell_label,cluster,umap_x", 12'000)};
  const ComposedFile log2{"Cortex-10Xv2",
                          "expression_matrices",
                          "20230101",
                          "Cortex-10Xv2-TH",
                          "log2",
                          "h5ad",
                          "",
                          noise((5 << 20) + 17, 1)};
  const ComposedFile raw{"Cortex-10Xv2",
                         "expression_matrices",
                         "20230101",
                         "Cortex-10Xv2-TH",
                         "raw",
                         "h5ad",
                         "",
                         noise(200'000, 2)};
  const ComposedFile old_genes{
      "Cortex-10X", "metadata", "20230101", "gene",
      "",           "csv",      "",         table("gene,chromosome,score", 40)};
  const ComposedFile new_genes{
      "Cortex-10X", "metadata", "20240101", "gene",
      "",           "csv",      "",         table("gene,chromosome,score", 41)};
  ComposedFile copy = views;  // the same bytes at a second path
  copy.version = "20240101";
  const ComposedFile volume{
      "Atlas-CCF", "image_volumes", "20230101", "annotation_10",
      "",          "nii.gz",        "",         noise(70'001, 3)};
  return {{"20230101", {old_genes, views, log2, raw, volume}},
          {"20240101", {new_genes, copy, log2, raw}}};
}

void serve(const std::vector<ComposedRelease>& atlas, Origin& origin) {
  for (const ComposedRelease& release : atlas) {
    origin.add("/releases/" + release.version + "/manifest.json",
               release.manifest(origin.url("/")));
    for (const ComposedFile& file : release.files) {
      origin.add("/" + file.relative_path(), file.bytes);
    }
  }
}

}  // namespace omicsfs
