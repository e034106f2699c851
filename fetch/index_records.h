// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "fetch/eviction.h"

// What the cache index keeps and is asked for.

namespace omicsfs {

// What the cache is charged for one file, and what is known of it.
struct IndexedFile {
  std::string key;
  std::uint64_t size = 0;     // of the remote file
  std::uint64_t charged = 0;  // bytes that it takes on disk
  FileUse use;
  bool verified = false;  // complete, and its published digest agreed
};

struct ChargedFile {
  std::string key;
  std::uint64_t size = 0;     // of the remote file
  std::uint64_t used_at = 0;  // taken up where the file is new to the index
};

// Bytes that a process returns of what it was granted to write to a file, for
// they are on disk now or are not wanted, and bytes that it asks for.
struct GrantChange {
  std::uint64_t returned = 0;
  std::uint64_t asked = 0;
};

// Bytes that all files together are charged.
struct IndexShares {
  std::uint64_t on_disk = 0;
  std::uint64_t hot = 0;      // of which: in files that are hot
  std::uint64_t granted = 0;  // to be written, by any process
};

// A place in the order of use.
struct UseCursor {
  std::uint64_t last_use = 0;
  std::string key;
};

// Something that the user should know of, such as a digest that disagreed.
struct CacheReport {
  std::int64_t time = 0;  // seconds since the epoch
  std::string key;
  std::string message;
};

struct IndexTotals {
  std::uint64_t files = 0;
  std::uint64_t charged = 0;
  std::uint64_t verified = 0;  // files
};

}  // namespace omicsfs
