// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace omicsfs {

// Reads a whole small file; none where it cannot be read.
using ReadText =
    std::function<std::optional<std::string>(const std::string& path)>;

// The least limit of memory, in bytes, that the control groups of this process
// and all groups above them set (cgroups(7), versions 1 and 2), as
// /proc/self/cgroup, /proc/self/mountinfo and the groups' own files tell it;
// none where no limit is set or none can be read. Pure but for `read`.
[[nodiscard]] std::optional<std::uint64_t> group_memory_limit(
    const ReadText& read);

// The less of the two, where 0 and none mean that it is not known. Pure.
[[nodiscard]] std::uint64_t usable_memory(std::uint64_t machine,
                                          std::optional<std::uint64_t> limit);

// The memory that this process may use, in bytes: the machine's, or its control
// groups' limit where that is less; 0 where the system does not say.
[[nodiscard]] std::uint64_t machine_memory();

}  // namespace omicsfs
