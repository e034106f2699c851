// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/source.h"
#include "fs/settings.h"

namespace omicsfs {

// Whether `word` means an archive and no source: it is an http(s) url, has a
// '/', or ends in ".zip" or ".npz". Pure.
[[nodiscard]] bool means_archive(std::string_view word);

// One thing to mount, by the word that the user gave.
struct MountSource {
  std::string name;   // of its snapshots: a source's, or "archive-<hex>"
  std::string shown;  // its directory's, where several are mounted
  SourceKind kind;    // its name is that of the source, "" of an archive
  std::string place;  // of an archive: its url or absolute path

  [[nodiscard]] bool is_archive() const { return !place.empty(); }
  // `kind` by the name of this source. REQUIRES: this outlives it.
  [[nodiscard]] SourceKind named_kind() const;
};

// What the words of a mount mean. Errors: kInvalid, no known source, or two of
// one name.
Result<std::vector<MountSource>> mount_sources(
    const std::vector<std::string>& words);

// `settings` with the places of the archives among `sources`, as those of a
// source.
[[nodiscard]] Settings with_archives(Settings settings,
                                     const std::vector<MountSource>& sources);

}  // namespace omicsfs
