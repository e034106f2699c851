// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

// The files of the block cache by name: opening, removing and sharing them.
//
// A shared flock on a map marks its file as open; nobody else deletes it then.
// Names come and go under the flock of their folder: shared for those who open
// or make files, exclusive for those who remove them. So a name never vanishes
// between an open and its flock, and what is removed is what was looked at. The
// flock is held for a few system calls, and nobody waits for it longer than a
// second.

namespace omicsfs {

// Where the files of a key lie below the cache directory:
// `<dir>/v1/files/<2 hex>/<key>.data` and `.map`, and of a deflated member
// `.points`, the checkpoints of its stream (points_file.h).
struct CachePaths {
  std::filesystem::path data;
  std::filesystem::path map;
  std::filesystem::path points;
};
[[nodiscard]] CachePaths cache_paths(const std::filesystem::path& dir,
                                     const std::string& key);

// The two files of a cached file, and the flock that marks it as open.
struct CacheBacking {
  UniqueFd data;
  UniqueFd map;
};
enum class MissingFile { kCreate, kLeave };

// Opens both files for reading and writing; makes them, and their folder, where
// `missing` says so. Errors: kNoSpace, kIo; kNotFound where they are left.
Result<std::unique_ptr<CacheBacking>> open_cached(const CachePaths& paths,
                                                  MissingFile missing);

// Deletes the files of `key` unless some process has them open. Returns whether
// they are gone.
bool remove_cached(const std::filesystem::path& dir, const std::string& key);
// Deletes the files of `key` if they are those of `backing` still, though other
// processes may have them open as well.
void remove_backing(const std::filesystem::path& dir, const std::string& key,
                    const CacheBacking& backing);

// Notes that all of `key`'s bytes were found to be those of `verified_key`
// (catalog/remote_file.h), so that other servers' files of that name use them:
// `<verified key>.verified`, a symbolic link whose text tells what `key` has
// more. It vanishes with the files of `key`.
void share_verified(const std::filesystem::path& dir, const std::string& key,
                    const std::string& verified_key);
// The key so noted last; "" if there is none.
[[nodiscard]] std::string shared_key(const std::filesystem::path& dir,
                                     const std::string& verified_key);

}  // namespace omicsfs
