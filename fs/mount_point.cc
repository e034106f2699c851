// SPDX-License-Identifier: MIT
#include "fs/mount_point.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>

#include "fetch/local_io.h"
#include "fs/mount_table.h"
#include "fs/unmount.h"

namespace omicsfs {
namespace {

// Unmounts a mount of ours that has lost its server. Its root may still answer
// stat(2) out of the kernel's cache; statfs(2) always asks the server.
Result<void> clean_up_stale(const std::string& path) {
  const auto mount = find_omicsfs_mount(path);
  if (!mount) {
    return {};
  }
  struct statvfs space {};
  if (::statvfs(path.c_str(), &space) == 0) {
    const auto now = find_omicsfs_mount(path);
    if (!now || now->id != mount->id) {
      return {};  // its unmounter was faster
    }
    return Error{ErrorCode::kInvalid,
                 path + ": an omicsfs is mounted there already"};
  }
  return errno == ENOTCONN ? unmount(*mount, UnmountKind::kLazy)
                           : system_error(path, errno);
}

}  // namespace

Result<std::filesystem::path> prepare_mount_point(const std::string& path) {
  if (auto cleaned = clean_up_stale(path); !cleaned) {
    return cleaned.error();
  }
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return errno == ENOENT ? Error{ErrorCode::kNotFound,
                                   path + ": no such directory; make it first"}
                           : system_error(path, errno);
  }
  if (!S_ISDIR(facts.st_mode)) {
    return Error{ErrorCode::kInvalid, path + ": not a directory"};
  }
  std::error_code error;
  auto absolute = std::filesystem::canonical(path, error);
  if (error) {
    return system_error(path, error.value());
  }
  return absolute;
}

}  // namespace omicsfs
