// SPDX-License-Identifier: MIT
#pragma once

namespace omicsfs {

// The name of SQLite's way to files (its VFS) with one change: memory that it
// shares with other processes through a mapped file, as the index of a
// write-ahead log is, is read in and locked when it is mapped. A disk that
// fails is then an error of the call that maps; it would otherwise be a SIGBUS,
// and the end of the process, at any later look. Thread-safe.
[[nodiscard]] const char* pinned_vfs();

}  // namespace omicsfs
