// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "catalog/sources/abc_collection.h"

// The README.txt files of the abc-atlas tree. Each depends on the manifests
// only, so that two refreshes of the same releases write the same bytes.

namespace omicsfs {

// Of the source's root. `releases` are newest first, `from` is the bucket's
// url.
[[nodiscard]] std::string abc_root_readme(std::span<const AbcRelease> releases,
                                          const AbcCollection& collection,
                                          std::string_view from);
// Of releases/<name>.
[[nodiscard]] std::string abc_release_readme(const AbcRelease& release,
                                             std::string_view from);
// Of releases/<name>/<dataset>.
[[nodiscard]] std::string abc_directory_readme(const AbcRelease& release,
                                               const AbcDataset& dataset,
                                               std::string_view from);

}  // namespace omicsfs
