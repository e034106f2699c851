// SPDX-License-Identifier: MIT
#include "catalog/pinned_vfs.h"

#include <sqlite3.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

namespace omicsfs {
namespace {

int pin_map(sqlite3_file* file, int region, int size, int extend,
            void volatile** out);

// What SQLite does with the files of databases, and the same with pinned maps.
struct Methods {
  const sqlite3_io_methods* plain;
  sqlite3_io_methods pinned;
};

// `of_database` is that of any such file: all have the same.
const Methods& methods(const sqlite3_io_methods* of_database) {
  static const Methods both = [of_database] {
    Methods made{of_database, *of_database};
    made.pinned.xShmMap = pin_map;
    return made;
  }();
  return both;
}

// Where more memory must not be locked, what is read in is all there is.
int pin_map(sqlite3_file* file, int region, int size, int extend,
            void volatile** out) {
  const int status =
      methods(nullptr).plain->xShmMap(file, region, size, extend, out);
  if (status != SQLITE_OK || *out == nullptr) {
    return status;
  }
  void* const memory = const_cast<void*>(*out);
  const auto bytes = static_cast<std::size_t>(size);
  if (::madvise(memory, bytes, MADV_POPULATE_WRITE) != 0 && errno == EFAULT) {
    *out = nullptr;  // else it would be looked at all the same
    return SQLITE_IOERR_SHMMAP;
  }
  static_cast<void>(::mlock(memory, bytes));
  return SQLITE_OK;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
              int* out_flags) {
  const int status =
      sqlite3_vfs_find(nullptr)->xOpen(vfs, name, file, flags, out_flags);
  if (status == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    file->pMethods = &methods(file->pMethods).pinned;
  }
  return status;
}

sqlite3_vfs made_vfs() {
  sqlite3_vfs vfs = *sqlite3_vfs_find(nullptr);
  vfs.pNext = nullptr;
  vfs.zName = "omicsfs-pinned";
  vfs.xOpen = open_file;
  return vfs;
}

}  // namespace

const char* pinned_vfs() {
  static sqlite3_vfs vfs = made_vfs();  // SQLite keeps it
  static const bool known = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  return known ? vfs.zName : nullptr;
}

}  // namespace omicsfs
