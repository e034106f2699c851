// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#define FUSE_USE_VERSION 312
#include <fuse.h>

// A disk that fails when told to: the directory BACKING, mounted at
// MOUNTPOINT. The file FAULTS says what fails, and how, from the next call on:
// lines "OPERATION ERRNO", where OPERATION is "write" (whatever may need
// space), "read" or "sync"; and "delay MICROSECONDS", by which each write of
// kLargeWrite or more takes longer. While it is empty or absent, nothing fails.
//
// usage: omicsfs-faulty-disk BACKING MOUNTPOINT FAULTS

namespace {

// The bytes of files are written so, and what is noted of them is not.
constexpr std::size_t kLargeWrite = 32768;

struct Disk {
  std::string backing;
  std::string faults;
};

const Disk& disk() {
  return *static_cast<const Disk*>(fuse_get_context()->private_data);
}

std::string below(const char* path) { return disk().backing + path; }

int outcome(long status) { return status < 0 ? -errno : 0; }

// What is said of `operation`; 0 where nothing is.
int told_of(std::string_view operation) {
  std::ifstream file(disk().faults);
  std::string word;
  int number = 0;
  while (file >> word >> number) {
    if (word == operation) {
      return number;
    }
  }
  return 0;
}

// What `operation` is to fail with, as FUSE wants it: 0 where it is to work.
int fault(std::string_view operation) { return -told_of(operation); }

int file_of(const fuse_file_info* file) { return static_cast<int>(file->fh); }

// A disk's files are not forgotten by the kernel when they are opened anew, as
// those of a network would be: who maps one (SQLite does) goes on. What is
// read by calls alone comes from the disk each time, so that it can fail.
void set_caching(std::string_view path, fuse_file_info* file) {
  const bool by_calls = path.ends_with(".data") || path.ends_with(".map");
  file->direct_io = by_calls ? 1 : 0;
  file->keep_cache = by_calls ? 0 : 1;
}

void* on_init(fuse_conn_info* connection, fuse_config* config) {
  // A disk never drops pages that are mapped, whatever sync(2) writes
  // meanwhile.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  config->use_ino = 1;      // locks and renames are watched by it
  config->hard_remove = 1;  // an open file may be removed, as on a disk,
  config->nullpath_ok = 1;  // and then has no path
  config->entry_timeout = 0;
  config->attr_timeout = 0;
  config->negative_timeout = 0;
  return fuse_get_context()->private_data;
}

int on_getattr(const char* path, struct stat* facts, fuse_file_info* file) {
  return outcome(file != nullptr ? ::fstat(file_of(file), facts)
                                 : ::lstat(below(path).c_str(), facts));
}

int on_access(const char* path, int mask) {
  return outcome(::access(below(path).c_str(), mask));
}

int on_mkdir(const char* path, mode_t mode) {
  const int failure = fault("write");
  return failure != 0 ? failure : outcome(::mkdir(below(path).c_str(), mode));
}

int on_unlink(const char* path) {
  return outcome(::unlink(below(path).c_str()));
}

int on_rmdir(const char* path) { return outcome(::rmdir(below(path).c_str())); }

int on_rename(const char* from, const char* to, unsigned flags) {
  return outcome(::renameat2(AT_FDCWD, below(from).c_str(), AT_FDCWD,
                             below(to).c_str(), flags));
}

int on_chmod(const char* path, mode_t mode, fuse_file_info* file) {
  return outcome(file != nullptr ? ::fchmod(file_of(file), mode)
                                 : ::chmod(below(path).c_str(), mode));
}

int on_chown(const char* path, uid_t user, gid_t group, fuse_file_info* file) {
  return outcome(file != nullptr ? ::fchown(file_of(file), user, group)
                                 : ::lchown(below(path).c_str(), user, group));
}

int on_truncate(const char* path, off_t size, fuse_file_info* file) {
  const int failure = size > 0 ? fault("write") : 0;
  if (failure != 0) {
    return failure;
  }
  return outcome(file != nullptr ? ::ftruncate(file_of(file), size)
                                 : ::truncate(below(path).c_str(), size));
}

int on_utimens(const char* path, const timespec* times, fuse_file_info* file) {
  return outcome(file != nullptr ? ::futimens(file_of(file), times)
                                 : ::utimensat(AT_FDCWD, below(path).c_str(),
                                               times, AT_SYMLINK_NOFOLLOW));
}

int open_at(const char* path, int flags, mode_t mode, fuse_file_info* file) {
  const int opened = ::open(below(path).c_str(), flags | O_CLOEXEC, mode);
  if (opened < 0) {
    return -errno;
  }
  file->fh = static_cast<std::uint64_t>(opened);
  set_caching(path, file);
  return 0;
}

int on_open(const char* path, fuse_file_info* file) {
  // The kernel says where to write.
  return open_at(path, file->flags & ~O_APPEND, 0, file);
}

int on_create(const char* path, mode_t mode, fuse_file_info* file) {
  const int failure = fault("write");
  return failure != 0
             ? failure
             : open_at(path, (file->flags & ~O_APPEND) | O_CREAT, mode, file);
}

int on_read(const char* /*path*/, char* out, std::size_t size, off_t offset,
            fuse_file_info* file) {
  if (const int failure = fault("read"); failure != 0) {
    return failure;
  }
  const ssize_t got = ::pread(file_of(file), out, size, offset);
  return got < 0 ? -errno : static_cast<int>(got);
}

// Until the disk is mended, at the latest.
void wait_as_told() {
  constexpr useconds_t kStep = 10'000;
  for (int left = told_of("delay"); left > 0 && told_of("delay") > 0;
       left -= static_cast<int>(kStep)) {
    ::usleep(kStep);
  }
}

int on_write(const char* /*path*/, const char* bytes, std::size_t size,
             off_t offset, fuse_file_info* file) {
  if (const int failure = fault("write"); failure != 0) {
    return failure;
  }
  if (size >= kLargeWrite) {
    wait_as_told();
  }
  const ssize_t put = ::pwrite(file_of(file), bytes, size, offset);
  return put < 0 ? -errno : static_cast<int>(put);
}

int on_statfs(const char* path, struct statvfs* facts) {
  return outcome(::statvfs(below(path).c_str(), facts));
}

int on_release(const char* /*path*/, fuse_file_info* file) {
  return outcome(::close(file_of(file)));
}

int on_fsync(const char* /*path*/, int /*data_only*/,
             fuse_file_info* /*file*/) {
  // This disk need not outlive a power cut.
  return fault("sync");
}

DIR* directory_of(const fuse_file_info* file) {
  return reinterpret_cast<DIR*>(file->fh);
}

int on_opendir(const char* path, fuse_file_info* file) {
  DIR* const directory = ::opendir(below(path).c_str());
  file->fh = reinterpret_cast<std::uint64_t>(directory);
  return directory == nullptr ? -errno : 0;
}

int on_readdir(const char* /*path*/, void* buffer, fuse_fill_dir_t fill,
               off_t /*offset*/, fuse_file_info* file,
               fuse_readdir_flags /*flags*/) {
  DIR* const directory = directory_of(file);
  ::rewinddir(directory);
  while (const dirent* entry = ::readdir(directory)) {
    struct stat facts {};
    facts.st_ino = entry->d_ino;
    facts.st_mode = static_cast<mode_t>(DTTOIF(entry->d_type));
    fill(buffer, entry->d_name, &facts, 0, fuse_fill_dir_flags{});
  }
  return 0;
}

int on_releasedir(const char* /*path*/, fuse_file_info* file) {
  return outcome(::closedir(directory_of(file)));
}

int on_fallocate(const char* /*path*/, int mode, off_t offset, off_t length,
                 fuse_file_info* file) {
  const bool frees = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  const int failure = frees ? 0 : fault("write");
  return failure != 0
             ? failure
             : outcome(::fallocate(file_of(file), mode, offset, length));
}

off_t on_lseek(const char* /*path*/, off_t offset, int whence,
               fuse_file_info* file) {
  const off_t at = ::lseek(file_of(file), offset, whence);
  return at < 0 ? -errno : at;
}

fuse_operations make_operations() {
  fuse_operations operations{};
  operations.init = on_init;
  operations.getattr = on_getattr;
  operations.access = on_access;
  operations.mkdir = on_mkdir;
  operations.unlink = on_unlink;
  operations.rmdir = on_rmdir;
  operations.rename = on_rename;
  operations.chmod = on_chmod;
  operations.chown = on_chown;
  operations.truncate = on_truncate;
  operations.utimens = on_utimens;
  operations.open = on_open;
  operations.create = on_create;
  operations.read = on_read;
  operations.write = on_write;
  operations.statfs = on_statfs;
  operations.release = on_release;
  operations.fsync = on_fsync;
  operations.opendir = on_opendir;
  operations.readdir = on_readdir;
  operations.releasedir = on_releasedir;
  operations.fallocate = on_fallocate;
  operations.lseek = on_lseek;
  return operations;
}

// Serves until it is unmounted.
int serve(fuse* disk, const char* mount_point) {
  if (fuse_mount(disk, mount_point) != 0) {
    return 1;
  }
  fuse_set_signal_handlers(fuse_get_session(disk));
  fuse_loop_config* const config = fuse_loop_cfg_create();
  const int status = fuse_loop_mt(disk, config);
  fuse_loop_cfg_destroy(config);
  fuse_remove_signal_handlers(fuse_get_session(disk));
  fuse_unmount(disk);
  return status == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: omicsfs-faulty-disk BACKING MOUNTPOINT FAULTS\n",
               stderr);
    return 2;
  }
  ::umask(0);
  Disk state{words[1], words[3]};
  const fuse_operations operations = make_operations();
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, words[0]);
  fuse_opt_add_arg(&arguments, "-ofsname=faulty-disk");
  fuse* const disk =
      fuse_new(&arguments, &operations, sizeof operations, &state);
  fuse_opt_free_args(&arguments);
  if (disk == nullptr) {
    return 1;
  }
  const int status = serve(disk, words[2]);
  fuse_destroy(disk);
  return status;
}
