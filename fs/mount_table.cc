// SPDX-License-Identifier: MIT
#include "fs/mount_table.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace omicsfs {
namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_octal(std::string_view digits) {
  return digits.size() == 3 &&
         digits.find_first_not_of("01234567") == std::string_view::npos;
}

// The kernel writes space, tab, newline and backslash as \ooo.
std::string unescaped(std::string_view field) {
  std::string text;
  while (!field.empty()) {
    const std::string_view octal =
        field.front() == '\\' ? field.substr(1, 3) : std::string_view();
    if (is_octal(octal)) {
      int code = 0;
      std::from_chars(octal.data(), octal.data() + octal.size(), code, 8);
      text += static_cast<char>(code);
      field.remove_prefix(4);
    } else {
      text += field.front();
      field.remove_prefix(1);
    }
  }
  return text;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool whole = error == std::errc() && stop == end;
  return whole ? std::optional(value) : std::nullopt;
}

// id parent device root mount-point options [optional…] - type source super
std::optional<MountEntry> parse_line(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, ' ');
  if (fields.size() < 9) {
    return std::nullopt;
  }
  const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
  const auto id = number(fields[0]);
  const auto parent = number(fields[1]);
  if (!id || !parent || std::distance(dash, fields.end()) < 3) {
    return std::nullopt;
  }
  return MountEntry{*id,
                    *parent,
                    unescaped(fields[4]),
                    unescaped(dash[1]),
                    unescaped(dash[2]),
                    std::string(fields[2])};
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view text) {
  std::vector<MountEntry> table;
  for (const std::string_view line : split(text, '\n')) {
    if (auto entry = parse_line(line)) {
      table.push_back(std::move(*entry));
    }
  }
  return table;
}

std::optional<MountEntry> mount_at(const std::vector<MountEntry>& table,
                                   std::string_view mount_point) {
  std::vector<MountEntry> here;
  std::copy_if(table.begin(), table.end(), std::back_inserter(here),
               [&](const MountEntry& entry) {
                 return entry.mount_point == mount_point;
               });
  // A mount on top of another has that one as its parent.
  const auto top =
      std::find_if(here.rbegin(), here.rend(), [&](const MountEntry& entry) {
        return std::none_of(
            here.begin(), here.end(), [&](const MountEntry& other) {
              return other.parent == entry.id && other.id != entry.id;
            });
      });
  return top == here.rend() ? std::nullopt : std::optional(*top);
}

Result<std::vector<MountEntry>> read_mount_table() {
  std::ifstream file(kMountInfo);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return Error{ErrorCode::kIo, std::string("cannot read ") + kMountInfo};
  }
  return parse_mount_table(text);
}

}  // namespace omicsfs
