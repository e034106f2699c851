// SPDX-License-Identifier: MIT
#include "tests/catalog/abc_text.h"

#include "catalog/json_fields.h"

namespace omicsfs {
namespace {

std::string member(const std::string& key, const std::string& value) {
  return json_quoted(key) + ":" + value;
}

std::string object(const std::string& members) { return "{" + members + "}"; }

}  // namespace

std::string AbcFileText::json() const {
  std::string members = member("version", json_quoted(version)) + "," +
                        member("relative_path", json_quoted(path)) + "," +
                        member("url", json_quoted("https://bucket/" + path)) +
                        "," + member("size", size);
  if (!hash.empty()) {
    members += "," + member("file_hash", json_quoted(hash));
  }
  return object(members);
}

std::string abc_manifest_text(const std::string& version,
                              const std::string& directories,
                              const std::string& files) {
  return object(member("version", json_quoted(version)) + "," +
                member("resource_uri", json_quoted("s3://bucket/")) + "," +
                member("directory_listing", object(directories)) + "," +
                member("file_listing", object(files)));
}

std::string abc_directory_text(const std::string& directory,
                               const std::string& kind,
                               const std::string& path) {
  const std::string facts =
      object(member("version", json_quoted("20230101")) + "," +
             member("relative_path", json_quoted(path)) + "," +
             member("total_size", "1"));
  return member(directory,
                object(member("directories", object(member(kind, facts)))));
}

std::string abc_files_text(const std::string& directory,
                           const std::string& kind,
                           const std::vector<AbcFileText>& files) {
  std::string tags;
  for (std::size_t number = 0; number < files.size(); ++number) {
    tags += number == 0 ? "" : ",";
    tags += member(
        "tag" + std::to_string(number),
        object(member("files", object(member("csv", files[number].json())))));
  }
  return member(directory, object(member(kind, object(tags))));
}

std::string abc_small_manifest(const std::string& version,
                               const std::vector<AbcFileText>& files) {
  return abc_manifest_text(version, abc_directory_text("D", "k", "k/D/1"),
                           abc_files_text("D", "k", files));
}

std::string abc_hash(const std::string& start) {
  return start + std::string(32 - start.size(), '0');
}

}  // namespace omicsfs
