// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Manifests of the Allen Brain Cell Atlas in the provider's shape, composed for
// tests.

namespace omicsfs {

// A FILE object.
struct AbcFileText {
  std::string path;
  std::string size = "1";
  std::string hash = {};  // "" = no file_hash
  std::string version = "20230101";

  [[nodiscard]] std::string json() const;
};

// A manifest whose directory_listing and file_listing have these members.
[[nodiscard]] std::string abc_manifest_text(const std::string& version,
                                            const std::string& directories,
                                            const std::string& files);

// The directory_listing member of a dataset with one kind.
[[nodiscard]] std::string abc_directory_text(const std::string& directory,
                                             const std::string& kind,
                                             const std::string& path);

// The file_listing member of a dataset with one kind; each file is a tag.
[[nodiscard]] std::string abc_files_text(const std::string& directory,
                                         const std::string& kind,
                                         const std::vector<AbcFileText>& files);

// A manifest of one dataset "D" with the kind "k" in k/D/1.
[[nodiscard]] std::string abc_small_manifest(
    const std::string& version, const std::vector<AbcFileText>& files);

// 32 hex digits that begin with `start`.
[[nodiscard]] std::string abc_hash(const std::string& start);

}  // namespace omicsfs
