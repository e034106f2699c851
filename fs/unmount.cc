// SPDX-License-Identifier: MIT
#include "fs/unmount.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "catalog/unique_fd.h"
#include "fs/child_process.h"

namespace omicsfs {
namespace {

// A busy machine takes a second at most; longer, and something hangs.
constexpr std::chrono::seconds kPatience{10};

// `path` as the mount table writes it. The last name is not looked at where
// that fails: a dead mount answers ENOTCONN, another user's EACCES.
std::filesystem::path table_path(const std::string& path) {
  std::error_code error;
  auto whole = std::filesystem::canonical(path, error);
  if (!error) {
    return whole;
  }
  auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!absolute.has_filename()) {
    absolute = absolute.parent_path();
  }
  const auto parent = std::filesystem::canonical(absolute.parent_path(), error);
  return error ? absolute : parent / absolute.filename();
}

Error busy(const std::string& path) {
  return Error{ErrorCode::kInvalid,
               path +
                   " is in use: a program has a file open or its working "
                   "directory there. Close it (`fuser -vm " +
                   path + "` names it), or detach with `omicsfs umount -l " +
                   path + "`"};
}

Error failed(const std::string& path, const std::string& why) {
  return Error{ErrorCode::kIo, "cannot unmount " + path + ": " + why};
}

// The id of the mount that the open `fd` lies in (proc_pid_fdinfo(5)).
std::optional<int> mount_id_of(int fd) {
  std::ifstream facts("/proc/self/fdinfo/" + std::to_string(fd));
  std::string name;
  std::string value;
  while (facts >> name >> value) {
    if (name == "mnt_id:") {
      return std::atoi(value.c_str());
    }
  }
  return std::nullopt;
}

// Detaches this mount and no other: by the time of the call, another process
// may have mounted at its path.
Result<void> detach_as_root(const MountEntry& mount) {
  const UniqueFd root(::open(mount.mount_point.c_str(),
                             O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root.valid()) {
    return failed(mount.mount_point, std::strerror(errno));
  }
  if (mount_id_of(root.get()) != mount.id) {
    return failed(mount.mount_point, "another mount has taken its place");
  }
  const std::string path = "/proc/self/fd/" + std::to_string(root.get());
  return ::umount2(path.c_str(), MNT_DETACH) == 0
             ? Result<void>()
             : failed(mount.mount_point, std::strerror(errno));
}

Result<void> unmount_as_root(const MountEntry& mount, UnmountKind kind) {
  if (kind == UnmountKind::kLazy) {
    return detach_as_root(mount);
  }
  const std::string& path = mount.mount_point;
  if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) {
    return {};
  }
  return errno == EBUSY ? busy(path) : failed(path, std::strerror(errno));
}

Result<void> unmount_as_user(const std::string& path, UnmountKind kind) {
  std::vector<std::string> words = {"fusermount3", "-u"};
  if (kind == UnmountKind::kLazy) {
    words.emplace_back("-z");
  }
  words.insert(words.end(), {"--", path});
  const auto outcome = run_program(words);
  if (!outcome) {
    return outcome.error();
  }
  if (outcome->exit_status == 0) {
    return {};
  }
  // fusermount3 tells why in words only, and never translates them.
  std::string why = outcome->error_output;
  why.erase(why.find_last_not_of('\n') + 1);
  return why.find(std::strerror(EBUSY)) != std::string::npos
             ? busy(path)
             : failed(path, why);
}

bool in_table(const std::vector<MountEntry>& table, const MountEntry& mount) {
  return std::any_of(table.begin(), table.end(), [&](const MountEntry& entry) {
    return entry.id == mount.id && entry.mount_point == mount.mount_point;
  });
}

// The kernel marks an open mountinfo as exceptional after each change
// (proc_pid_mountinfo(5)).
Result<void> wait_until_gone(const MountEntry& mount) {
  const UniqueFd changes(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const auto table = read_mount_table();
    if (!table) {
      return table.error();
    }
    if (!in_table(*table, mount)) {
      return {};
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return Error{ErrorCode::kTimedOut,
                   mount.mount_point + " is still mounted"};
    }
    pollfd wait{changes.get(), POLLPRI, 0};
    ::poll(&wait, 1, static_cast<int>(left.count()));
  }
}

}  // namespace

Result<MountEntry> find_omicsfs_mount(const std::string& path) {
  const std::string mount_point = table_path(path).string();
  const auto table = read_mount_table();
  if (!table) {
    return table.error();
  }
  const auto mount = mount_at(*table, mount_point);
  if (!mount) {
    return Error{ErrorCode::kNotFound, "nothing is mounted at " + mount_point};
  }
  if (mount->type != kFileSystemType) {
    return Error{ErrorCode::kInvalid, mount_point + " is a mount of " +
                                          mount->type +
                                          ", not of omicsfs; left alone"};
  }
  return *mount;
}

Result<void> unmount(const MountEntry& mount, UnmountKind kind) {
  const auto done = ::geteuid() == 0 ? unmount_as_root(mount, kind)
                                     : unmount_as_user(mount.mount_point, kind);
  if (done) {
    return wait_until_gone(mount);
  }
  // Somebody else may have unmounted it meanwhile.
  const auto table = read_mount_table();
  return table && !in_table(*table, mount) ? Result<void>() : done;
}

}  // namespace omicsfs
