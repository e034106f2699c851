// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <stop_token>
#include <string>

#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/sources/manifest_entry.h"

// What `omicsfs manifest make` and `from` tell of: the files of a directory, of
// a mount, of a server's index and of other manifests.

namespace omicsfs {

struct ManifestMaking {
  // What it returns ends the making where it is an error.
  std::function<Result<void>(const ManifestEntry& entry)> add;
  // Told of what is left out, and why.
  std::function<void(const std::string& what, const std::string& why)> odd;
  std::stop_token stop;  // ends it with kInterrupted
};

// The regular files below the directory `root`, in order of their names, each
// with its size, date and SHA-256. Links are left out, and told of; what is in
// `hidden`, as absolute paths, is passed over.
// Errors: kNotFound; kInvalid, no directory; kChanged, a file changed
// meanwhile; kIo.
Result<void> make_of_directory(const std::filesystem::path& root,
                               const std::set<std::string>& hidden,
                               const ManifestMaking& making);

// The files of a mount of omicsfs below `root`, a directory in it, as its
// extended attributes tell of them: no byte of a published file is read.
// Generated files (up to 1 MiB) are told with their bytes. Links, and what is
// part of another file, are left out, and told of. Errors: kInvalid, `root` is
// no directory of such a mount; kIo.
Result<void> make_of_mount(const std::filesystem::path& root,
                           const ManifestMaking& making);

// The files of a web server's directory at `url`, which ends with a slash, by
// the indexes of it and of those below it (catalog/directory_index.h). Errors:
// those of `download`; kInvalid, an index that is none, directories more than
// 32 deep, or more than 100000 of them.
Result<void> make_of_index(const std::string& url, const Download& download,
                           const ManifestMaking& making);

// The files that a manifest of any format tells of; s3:// and hf:// are such.
// A bad entry is left out, and told of. Errors: those of reading it; kInvalid,
// all of its entries are bad.
Result<void> make_of_manifest(const ManifestText& text,
                              const ManifestMaking& making);

}  // namespace omicsfs
