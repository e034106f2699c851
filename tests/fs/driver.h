// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/composed_atlas.h"
#include "tests/support/origin.h"

// One behaviour suite, two ways to reach the file system: through the core, and
// through a real mount.

namespace omicsfs {

// What a call gave: its value, or the errno.
template <typename T>
struct Answer {
  T value{};
  int error = 0;
};

// A mounted atlas, seen by path. Paths are relative, "" is the root.
class Driver {
 public:
  virtual ~Driver() = default;
  [[nodiscard]] virtual Origin& origin() = 0;
  virtual Answer<struct stat> stat(const std::string& path) = 0;
  virtual Answer<std::vector<std::string>> names(const std::string& path) = 0;
  virtual Answer<std::string> read(const std::string& path,
                                   std::uint64_t offset,
                                   std::size_t length) = 0;
  virtual Answer<std::string> link_target(const std::string& path) = 0;
  virtual Answer<std::string> xattr(const std::string& path,
                                    const std::string& name) = 0;
  virtual Answer<std::vector<std::string>> xattrs(const std::string& path) = 0;
};

}  // namespace omicsfs
