// SPDX-License-Identifier: MIT
#include "fs/cache_sharing.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr mode_t kForGroup = S_IRWXU | S_IRWXG;

bool is_mine(const struct stat& facts) { return facts.st_uid == ::geteuid(); }

// Leaves links and others' files alone. A failure shows when the file is
// opened.
void hand_over(const stdfs::path& path, gid_t group) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || !is_mine(facts)) {
    return;
  }
  const bool directory = S_ISDIR(facts.st_mode);
  if (!directory && !S_ISREG(facts.st_mode)) {
    return;
  }
  const mode_t mode =
      directory ? kForGroup | S_ISGID : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;
  const bool right =
      facts.st_gid == group && (facts.st_mode & ALLPERMS) == mode;
  // The group first: changing it takes the setgid bit away.
  if (!right && ::lchown(path.c_str(), ~uid_t{0}, group) == 0) {
    static_cast<void>(::chmod(path.c_str(), mode));
  }
}

void hand_over_all(const stdfs::path& top, gid_t group) {
  struct stat facts {};
  if (::lstat(top.c_str(), &facts) != 0 ||
      (facts.st_gid == group && (facts.st_mode & S_IWGRP) != 0)) {
    return;
  }
  hand_over(top, group);
  std::error_code error;
  auto entry = stdfs::recursive_directory_iterator(top, error);
  while (!error && entry != stdfs::recursive_directory_iterator()) {
    hand_over(entry->path(), group);
    entry.increment(error);
  }
}

// The directory in which `path`, or the first missing part of it, is made.
stdfs::path nearest_existing(stdfs::path path) {
  do {
    path = path.parent_path();
  } while (::access(path.c_str(), F_OK) != 0 && errno == ENOENT &&
           path != path.parent_path());
  return path;
}

}  // namespace

bool is_shared(const stdfs::path& directory) {
  struct stat facts {};
  return ::stat(directory.c_str(), &facts) == 0 &&
         (facts.st_mode & S_IWGRP) != 0;
}

void follow_sharing(const Settings& settings) {
  const stdfs::path& shared = settings.cache.dir;
  struct stat facts {};
  if (!is_shared(shared) || ::stat(shared.c_str(), &facts) != 0) {
    return;
  }
  std::error_code ignored;  // whoever needs it says so
  // Still this user's alone, and with it all that comes to lie there.
  stdfs::create_directories(settings.state_dir, ignored);
  ::umask(S_IRWXO);
  const stdfs::path versioned = shared / "v1";
  stdfs::create_directory(versioned, ignored);
  hand_over_all(versioned, facts.st_gid);
}

std::string why_unusable(const stdfs::path& directory) {
  constexpr int kFile = R_OK | W_OK;
  constexpr int kDirectory = kFile | X_OK;
  const stdfs::path versioned = directory / "v1";
  const std::pair<stdfs::path, int> uses[] = {
      {directory, kDirectory},
      {versioned, kDirectory},
      {versioned / "files", kDirectory},
      {versioned / "index.sqlite", kFile}};
  for (const auto& [path, use] : uses) {
    if (::eaccess(path.c_str(), use) == 0) {
      continue;
    }
    if (errno != ENOENT) {
      return path.string() + ": " + std::strerror(errno);
    }
    const stdfs::path above = nearest_existing(path);
    return ::eaccess(above.c_str(), kDirectory) == 0
               ? ""
               : "cannot make " + path.string() + " in " + above.string() +
                     ": " + std::strerror(errno);
  }
  return "";
}

}  // namespace omicsfs
