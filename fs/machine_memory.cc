// SPDX-License-Identifier: MIT
#include "fs/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

namespace omicsfs {
namespace {

constexpr const char* kMemoryController = "memory";

// A hierarchy of control groups, as it is mounted.
struct GroupMount {
  bool unified = false;     // version 2
  std::string root;         // the group that its top shows
  std::string mount_point;  // where its top is
};

// The group of this process in a hierarchy.
struct OwnGroup {
  bool unified = false;
  std::string path;
};

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word) {
      return true;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// mountinfo writes blanks and backslashes of a path as "\040" and the like.
std::string unescaped(const std::string& text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* const digits = text.data() + i + 1;
    const bool escape =
        text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3;
    path += escape ? static_cast<char>(code) : text[i];
    i += escape ? 3 : 0;
  }
  return path;
}

// A line of mountinfo: "36 35 98:0 ROOT POINT options tags - TYPE source
// super-options" (proc_pid_mountinfo(5)).
std::optional<GroupMount> parse_mount(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> fields(std::istream_iterator<std::string>(words),
                                  {});
  const auto separator = std::find(fields.begin(), fields.end(), "-");
  if (separator - fields.begin() < 6 || fields.end() - separator < 4) {
    return std::nullopt;
  }
  const std::string& type = separator[1];
  const bool unified = type == "cgroup2";
  if (!unified &&
      (type != "cgroup" || !has_word(separator[3], kMemoryController))) {
    return std::nullopt;
  }
  return GroupMount{unified, unescaped(fields[3]), unescaped(fields[4])};
}

// A line of /proc/self/cgroup: "0::/path" of version 2, "9:cpu,memory:/path".
std::optional<OwnGroup> parse_group(const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second =
      first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) {
    return std::nullopt;
  }
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const bool unified = controllers.empty();
  if (!unified && !has_word(controllers, kMemoryController)) {
    return std::nullopt;
  }
  return OwnGroup{unified, line.substr(second + 1)};
}

template <typename T>
std::vector<T> parse_lines(const std::string& text,
                           std::optional<T> (*parse)(const std::string&)) {
  std::vector<T> parsed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (auto one = parse(line)) {
      parsed.push_back(*std::move(one));
    }
  }
  return parsed;
}

// What of `group` lies below the top of the mount; none where it lies beside
// it: its files are not to be seen there.
std::optional<std::string> below_top(const std::string& group,
                                     const std::string& root) {
  const std::string top = root == "/" ? "" : root;
  if (!group.starts_with(top) ||
      (group.size() > top.size() && group[top.size()] != '/')) {
    return std::nullopt;
  }
  std::string below = group.substr(top.size());
  return below == "/" ? "" : below;
}

void take_least(std::optional<std::uint64_t>& least, const ReadText& read,
                const std::string& file) {
  const auto text = read(file);
  std::uint64_t bytes = 0;
  if (text &&
      std::from_chars(text->data(), text->data() + text->size(), bytes).ec ==
          std::errc() &&
      bytes > 0) {  // "max", and nothing at all, are no limit
    least = std::min(least.value_or(bytes), bytes);
  }
}

// From the group up to the top that can be seen: the limit of each holds for
// all below it.
void take_limits(std::optional<std::uint64_t>& least, const ReadText& read,
                 const GroupMount& mount, std::string group) {
  const char* const hard =
      mount.unified ? "/memory.max" : "/memory.limit_in_bytes";
  while (true) {
    take_least(least, read, mount.mount_point + group + hard);
    if (mount.unified) {  // beyond it, a process is slowed down
      take_least(least, read, mount.mount_point + group + "/memory.high");
    }
    const std::size_t up = group.rfind('/');
    if (group.empty() || up == std::string::npos) {
      return;
    }
    group.resize(up);
  }
}

std::optional<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path);
  return file ? std::optional(
                    std::string(std::istreambuf_iterator<char>(file), {}))
              : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> group_memory_limit(const ReadText& read) {
  const auto groups = parse_lines<OwnGroup>(
      read("/proc/self/cgroup").value_or(""), parse_group);
  const auto mounts = parse_lines<GroupMount>(
      read("/proc/self/mountinfo").value_or(""), parse_mount);
  std::optional<std::uint64_t> least;
  for (const OwnGroup& group : groups) {
    for (const GroupMount& mount : mounts) {
      if (mount.unified != group.unified) {
        continue;
      }
      // Of a container, the top is often all that can be seen.
      take_limits(least, read, mount,
                  below_top(group.path, mount.root).value_or(""));
    }
  }
  return least;
}

std::uint64_t usable_memory(std::uint64_t machine,
                            std::optional<std::uint64_t> limit) {
  if (!limit) {
    return machine;
  }
  return machine == 0 ? *limit : std::min(machine, *limit);
}

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  const bool known = pages > 0 && page > 0;
  const std::uint64_t bytes = known ? static_cast<std::uint64_t>(pages) *
                                          static_cast<std::uint64_t>(page)
                                    : 0;
  return usable_memory(bytes, group_memory_limit(read_small_file));
}

}  // namespace omicsfs
