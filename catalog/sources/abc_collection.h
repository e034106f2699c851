// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/sources/abc_manifest.h"

namespace omicsfs {

struct AbcRelease {
  std::string name;      // as in releases/<name>/manifest.json
  std::string document;  // the manifest as published
  AbcManifest manifest;
};

// The place of `file` for messages, "releases/<name>/manifest.json: /…".
[[nodiscard]] std::string place_in(const AbcRelease& release,
                                   const AbcFile& file);

// One file under one path: the same in all releases that state the same size
// and digest for it.
struct AbcVariant {
  std::string path;
  std::string version;  // of the newest release that has it
  RemoteFile remote;
  std::vector<std::string> releases;  // oldest first
  std::string where;                  // place_in the newest of them
  bool in_bucket = false;  // no newer release states other facts for `path`
};

// All releases brought together.
struct AbcCollection {
  std::vector<AbcVariant> variants;
  // The variant of each file: by release, then as in its manifest.
  std::vector<std::vector<std::size_t>> variant_of;
  std::uint64_t bytes = 0;  // of all variants
};

// `releases` are newest first. Files are fetched from `base_url` + path where
// it is given, else from where the manifest says. Errors: kInvalid where a file
// has no url or sizes add up to over 2^63-1.
Result<AbcCollection> collect_abc(std::span<const AbcRelease> releases,
                                  const std::string& base_url);

}  // namespace omicsfs
