// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

// The kernel's table of mounts, /proc/self/mountinfo (proc_pid_mountinfo(5)).

namespace omicsfs {

inline constexpr std::string_view kFileSystemType = "fuse.omicsfs";

struct MountEntry {
  int id = 0;
  int parent = 0;           // id of the mount that this one lies on
  std::string mount_point;  // absolute, unescaped
  std::string type;         // "fuse.omicsfs"
  std::string source;       // what was mounted, as `mount` shows it
  std::string device;       // "<major>:<minor>", of every file in it

  bool operator==(const MountEntry&) const = default;
};

// The lines of a mountinfo file; a line that breaks the format is left out.
// Pure.
[[nodiscard]] std::vector<MountEntry> parse_mount_table(std::string_view text);

// The mount that a path lookup meets at `mount_point`: of several there, the
// one on top. None where nothing is mounted there. Pure.
[[nodiscard]] std::optional<MountEntry> mount_at(
    const std::vector<MountEntry>& table, std::string_view mount_point);

// Errors: kIo, /proc cannot be read.
Result<std::vector<MountEntry>> read_mount_table();

}  // namespace omicsfs
