// SPDX-License-Identifier: MIT
#include "fetch/cache_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "fetch/kept_open.h"
#include "fetch/local_io.h"
#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

// The text of a link to the key that has nothing more: one of a time when keys
// named no server.
constexpr const char* kNothingMore = ".";

// Two hex digits of the key's hash part spread the files over 256 directories.
std::string shard_of(const std::string& key) {
  const std::size_t dash = key.find('-');
  return dash == std::string::npos ? "00" : key.substr(dash + 1, 2);
}

stdfs::path file_of(const stdfs::path& dir, const std::string& key,
                    const char* suffix) {
  return dir / "v1" / "files" / shard_of(key) / (key + suffix);
}

UniqueFd open_file(const stdfs::path& path, int flags) {
  const mode_t mode =
      (flags & O_CREAT) != 0 ? file_mode_in(path.parent_path()) : 0;
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
}

// Takes a flock that others hold for moments; false after about a second.
bool flock_soon(int fd, int operation) {
  constexpr int kTries = 11;
  for (int i = 0; i < kTries; ++i) {
    if (::flock(fd, operation | LOCK_NB) == 0) {
      return true;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1U << i >> 1U));
  }
  return false;
}

// A folder with its flock; not valid where there is no folder, or no flock.
UniqueFd lock_folder(const stdfs::path& folder, int operation) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return fd;
  }
  if (!flock_soon(fd.get(), operation)) {
    errno = EBUSY;
    return {};
  }
  return fd;
}

// REQUIRES: the folder is locked, so that what is seen there stays.
bool is_file_at(int fd, const stdfs::path& path) {
  struct stat mine {};
  struct stat there {};
  return ::fstat(fd, &mine) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

bool unlink_file(const stdfs::path& path) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT;
}

// The map goes last: without it nobody would look for the others.
bool unlink_files(const CachePaths& paths) {
  return unlink_file(paths.data) && unlink_file(paths.points) &&
         unlink_file(paths.map);
}

// "<kind>-<hex>-<size>" of a key that begins so; "" of any other.
std::string verified_part(const std::string& key) {
  const auto dashes = std::count(key.begin(), key.end(), '-');
  return dashes == 3 ? key.substr(0, key.rfind('-'))
                     : (dashes == 2 ? key : std::string());
}

// REQUIRES: the folder is locked.
void unshare(const stdfs::path& dir, const std::string& key) {
  const std::string verified = verified_part(key);
  if (!verified.empty() && shared_key(dir, verified) == key) {
    static_cast<void>(unlink_file(file_of(dir, verified, ".verified")));
  }
}

Result<void> make_folder(const stdfs::path& folder) {
  std::error_code error;
  stdfs::create_directories(folder, error);
  return error ? Result<void>(system_error(
                     "cannot make the cache directory " + folder.string(),
                     error.value()))
               : Result<void>();
}

}  // namespace

CachePaths cache_paths(const stdfs::path& dir, const std::string& key) {
  return {file_of(dir, key, ".data"), file_of(dir, key, ".map"),
          file_of(dir, key, ".points")};
}

Result<std::unique_ptr<CacheBacking>> open_cached(const CachePaths& paths,
                                                  MissingFile missing) {
  const int create = missing == MissingFile::kCreate ? O_CREAT : 0;
  const stdfs::path folder = paths.map.parent_path();
  if (create != 0) {
    if (auto made = make_folder(folder); !made) {
      return made.error();
    }
  }
  const UniqueFd lock = lock_folder(folder, LOCK_SH);
  if (!lock.valid()) {
    return system_error("cannot lock " + folder.string(), errno);
  }
  auto backing = std::make_unique<CacheBacking>();
  backing->map = open_file(paths.map, O_RDWR | create);
  if (!backing->map.valid()) {
    return system_error("cannot open " + paths.map.string(), errno);
  }
  if (!flock_soon(backing->map.get(), LOCK_SH)) {
    return system_error("cannot lock " + paths.map.string(), errno);
  }
  backing->data = open_file(paths.data, O_RDWR | create);
  if (!backing->data.valid()) {
    return system_error("cannot open " + paths.data.string(), errno);
  }
  // Runs are read whole, as they are asked for: each is then one request to the
  // disk, where the kernel's guess would be many small ones.
  ::posix_fadvise(backing->data.get(), 0, 0, POSIX_FADV_RANDOM);
  return backing;
}

bool remove_cached(const stdfs::path& dir, const std::string& key) {
  const CachePaths paths = cache_paths(dir, key);
  const UniqueFd lock = lock_folder(paths.map.parent_path(), LOCK_EX);
  if (!lock.valid()) {
    return errno == ENOENT;
  }
  const UniqueFd map = open_file(paths.map, O_RDWR);
  if (!map.valid() && errno != ENOENT) {
    return false;
  }
  if (map.valid() && ::flock(map.get(), LOCK_EX | LOCK_NB) != 0) {
    return false;
  }
  if (is_marked_idle(dir, key)) {
    return false;
  }
  unshare(dir, key);
  return unlink_files(paths);
}

void remove_backing(const stdfs::path& dir, const std::string& key,
                    const CacheBacking& backing) {
  const CachePaths paths = cache_paths(dir, key);
  const UniqueFd lock = lock_folder(paths.map.parent_path(), LOCK_EX);
  if (lock.valid() && is_file_at(backing.map.get(), paths.map)) {
    unshare(dir, key);
    static_cast<void>(unlink_files(paths));
  }
}

void share_verified(const stdfs::path& dir, const std::string& key,
                    const std::string& verified_key) {
  const std::string more = key.substr(verified_key.size());
  const stdfs::path link = file_of(dir, verified_key, ".verified");
  const UniqueFd lock = lock_folder(link.parent_path(), LOCK_EX);
  if (!lock.valid() || shared_key(dir, verified_key) == key ||
      !unlink_file(link)) {
    return;
  }
  // Where it cannot be made the bytes are this server's alone, as before.
  static_cast<void>(
      ::symlink(more.empty() ? kNothingMore : more.c_str(), link.c_str()));
}

std::string shared_key(const stdfs::path& dir,
                       const std::string& verified_key) {
  constexpr std::size_t kLongest = 64;
  std::array<char, kLongest> text{};
  const stdfs::path link = file_of(dir, verified_key, ".verified");
  const ssize_t length = ::readlink(link.c_str(), text.data(), text.size());
  if (length <= 0) {
    return "";
  }
  const std::string more(text.data(), static_cast<std::size_t>(length));
  if (more == kNothingMore) {
    return verified_key;
  }
  const bool is_rest = more[0] == '-' && more.find('/') == std::string::npos;
  return is_rest ? verified_key + more : "";
}

}  // namespace omicsfs
