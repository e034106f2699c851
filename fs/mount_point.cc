// SPDX-License-Identifier: MIT
#include "fs/mount_point.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "catalog/entry_name.h"
#include "fetch/local_io.h"
#include "fs/mount_table.h"
#include "fs/unmount.h"

namespace omicsfs {
namespace {

// 0, or the errno of stat(2).
int stat_errno(const std::string& path, struct stat& facts) {
  return ::stat(path.c_str(), &facts) == 0 ? 0 : errno;
}

Result<void> clean_up_stale(const std::string& path) {
  const auto mount = find_omicsfs_mount(path);
  if (!mount) {
    return mount.error().within("the mount at " + path +
                                " has lost its server and is not ours");
  }
  return unmount(*mount, UnmountKind::kLazy);
}

}  // namespace

Result<std::filesystem::path> prepare_mount_point(const std::string& path) {
  struct stat facts {};
  int failure = stat_errno(path, facts);
  if (failure == ENOTCONN) {
    if (auto cleaned = clean_up_stale(path); !cleaned) {
      return cleaned.error();
    }
    failure = stat_errno(path, facts);
  }
  if (failure == ENOENT) {
    return Error{ErrorCode::kNotFound,
                 path + ": no such directory; make it first"};
  }
  if (failure != 0) {
    return system_error(path, failure);
  }
  if (!S_ISDIR(facts.st_mode)) {
    return Error{ErrorCode::kInvalid, path + ": not a directory"};
  }
  std::error_code error;
  auto absolute = std::filesystem::canonical(path, error);
  if (error) {
    return system_error(path, error.value());
  }
  if (find_omicsfs_mount(absolute)) {
    return Error{ErrorCode::kInvalid,
                 absolute.string() + ": an omicsfs is mounted there already"};
  }
  return absolute;
}

}  // namespace omicsfs
