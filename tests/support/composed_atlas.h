// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/origin.h"

// A small atlas of two releases in the shape of the real ones, with bytes that
// tests can know.

namespace omicsfs {

struct ComposedFile {
  std::string directory;  // "WMB-10X"
  std::string kind;       // "metadata"
  std::string version;    // "20230101"
  std::string tag;        // "gene"
  std::string level;      // "log2", "raw" or ""
  std::string extension;  // "csv"
  std::string folder;     // "views/" or ""
  std::string bytes;

  // "<kind>/<directory>/<version>/<folder><tag>[-<level>].<extension>"
  [[nodiscard]] std::string relative_path() const;
  // Where it stands in the view of a release.
  [[nodiscard]] std::string view_path(std::string_view release) const;
};

struct ComposedRelease {
  std::string version;
  std::vector<ComposedFile> files;

  // The manifest as published, its urls below `base_url`.
  [[nodiscard]] std::string manifest(const std::string& base_url) const;
};

// Releases 20230101 and 20240101. Two files stand in both; one has the bytes of
// another at a second path; the largest has 5 MiB and 17 bytes.
[[nodiscard]] std::vector<ComposedRelease> composed_atlas();

// Puts manifests and files on `origin`, at its root.
void serve(const std::vector<ComposedRelease>& atlas, Origin& origin);

}  // namespace omicsfs
