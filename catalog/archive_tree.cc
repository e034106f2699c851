// SPDX-License-Identifier: MIT
#include "catalog/archive_tree.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

// "" where it stands at the top.
std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The members by where they stand, and which directories that makes.
class MemberPlaces {
 public:
  explicit MemberPlaces(const ArchiveMembers& members) {
    paths_.reserve(members.size());
    for (const ArchiveMember& member : members) {
      paths_.push_back(member_path(member.name));
      const std::string& path = paths_.back();
      if (member.is_directory()) {
        add_directory(path);
      } else {
        last_[path] = paths_.size() - 1;
        add_directory(parent_of(path));
      }
    }
  }

  [[nodiscard]] const std::string& path(std::size_t index) const {
    return paths_[index];
  }
  // Why the file `index` cannot stand at its path; "" where it can.
  [[nodiscard]] std::string_view trouble(std::size_t index) const {
    const std::string& path = paths_[index];
    if (!split_path(path)) {
      return "its path is none that a directory tree can hold";
    }
    if (directories_.contains(path)) {
      return "there is a directory of its name";
    }
    return last_.at(path) == index ? "" : "there is a later member of its name";
  }

 private:
  void add_directory(std::string path) {
    while (!path.empty() && directories_.insert(path).second) {
      path = parent_of(path);
    }
  }

  std::vector<std::string> paths_;
  std::unordered_map<std::string, std::size_t> last_;
  std::unordered_set<std::string> directories_;
};

std::string below(std::string_view directory, const std::string& path) {
  return directory.empty() ? path : std::string(directory) + "/" + path;
}

Result<NodeId> add_member(TreeBuilder& tree, const std::string& path,
                          const std::shared_ptr<const RemoteFile>& archive,
                          const ArchiveMember& member) {
  auto node =
      member.size == 0
          ? tree.add_inline_file(path, "", member.mtime)
          : tree.add_file(path, member_file(archive, member), member.mtime);
  if (!node || member.why_unreadable.empty()) {
    return node;
  }
  const auto told =
      tree.set_xattr(*node, "omicsfs.unreadable", member.why_unreadable);
  return told ? node : told.error();
}

Result<void> add_directory(TreeBuilder& tree, std::string_view directory,
                           const std::string& path, std::int64_t mtime) {
  if (!split_path(path)) {
    return {};  // none that can be
  }
  const auto made = tree.add_directory(below(directory, path), mtime);
  return made ? Result<void>() : made.error();
}

}  // namespace

RemoteFile member_file(std::shared_ptr<const RemoteFile> archive,
                       const ArchiveMember& member) {
  RemoteFile file;
  file.size = member.size;
  file.digest = crc32_digest(member.crc32);
  file.member = MemberPlace{std::move(archive), member.header_offset,
                            member.compressed_size, member.method};
  return file;
}

std::string member_path(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    if (!part.empty() && part != ".") {
      path += (path.empty() ? "" : "/") + clean_entry_name(part);
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return path;
}

Result<ArchiveTotals> add_archive(TreeBuilder& tree, std::string_view directory,
                                  const ArchiveContent& content) {
  const MemberPlaces places(content.members);
  ArchiveTotals totals;
  const auto add_file = [&](const ArchiveMember& member,
                            const std::string& path) -> Result<void> {
    const auto node =
        add_member(tree, below(directory, path), content.archive, member);
    if (!node) {
      return node.error();
    }
    ++totals.files;
    totals.bytes += member.size;
    return content.on_member ? content.on_member(member, path, *node)
                             : Result<void>();
  };
  for (std::size_t index = 0; index < content.members.size(); ++index) {
    const ArchiveMember& member = content.members[index];
    const std::string& path = places.path(index);
    Result<void> added;
    if (member.is_directory()) {
      added = add_directory(tree, directory, path, member.mtime);
    } else if (const auto trouble = places.trouble(index); !trouble.empty()) {
      content.warn("the member " + omicsfs::quoted(member.name) +
                   " is left out: " + std::string(trouble));
    } else {
      added = add_file(member, path);
    }
    if (!added) {
      return added.error();
    }
  }
  return totals;
}

}  // namespace omicsfs
