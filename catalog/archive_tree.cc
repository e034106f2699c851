// SPDX-License-Identifier: MIT
#include "catalog/archive_tree.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/archive_links.h"
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
  explicit MemberPlaces(const ArchiveMembers& members) : members_(members) {
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
  // What stands at a path in the end.
  [[nodiscard]] FoundInArchive find(const std::string& path) const {
    const auto file = last_.find(path);
    if (directories_.contains(path)) {
      return {ArchivePlace::kDirectory};
    }
    if (file == last_.end() || !split_path(path)) {
      return {};
    }
    const ArchiveMember& member = members_[file->second];
    return member.is_link
               ? FoundInArchive{ArchivePlace::kLink, member.link_target}
               : FoundInArchive{ArchivePlace::kFile};
  }

 private:
  void add_directory(std::string path) {
    while (!path.empty() && directories_.insert(path).second) {
      path = parent_of(path);
    }
  }

  const ArchiveMembers& members_;
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
      member.size == 0 && !member.is_link
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

namespace {

// Puts members into a tree.
class ArchiveAdder {
 public:
  ArchiveAdder(TreeBuilder& tree, std::string_view directory,
               const ArchiveContent& content)
      : tree_(tree),
        directory_(directory),
        content_(content),
        places_(content.members) {}

  Result<ArchiveTotals> add() {
    for (std::size_t index = 0; index < content_.members.size(); ++index) {
      if (auto added = add_one(index); !added) {
        return added.error();
      }
    }
    return totals_;
  }

 private:
  Result<void> add_one(std::size_t index) {
    const ArchiveMember& member = content_.members[index];
    const std::string& path = places_.path(index);
    if (member.is_directory()) {
      return add_directory(tree_, directory_, path, member.mtime);
    }
    if (const auto trouble = places_.trouble(index); !trouble.empty()) {
      warn(member, "is left out", trouble);
      return {};
    }
    return member.is_link ? add_link(member, path) : add_file(member, path);
  }

  Result<void> add_file(const ArchiveMember& member, const std::string& path) {
    const auto node =
        add_member(tree_, below(directory_, path), content_.archive, member);
    if (!node) {
      return node.error();
    }
    ++totals_.files;
    totals_.bytes += member.size;
    return content_.on_member ? content_.on_member(member, path, *node)
                              : Result<void>();
  }

  // A link that may not stand is a file that cannot be read and says why: its
  // bytes, the name of its target, are not what a reader of it wants.
  Result<void> add_link(const ArchiveMember& member, const std::string& path) {
    const auto text = member.link_target.empty()
                          ? Error{ErrorCode::kInvalid, member.why_unreadable}
                          : archive_link_text(path, member.link_target,
                                              [this](const std::string& place) {
                                                return places_.find(place);
                                              });
    if (text) {
      const auto node =
          tree_.add_symlink(below(directory_, path), *text, member.mtime);
      return node ? Result<void>() : node.error();
    }
    warn(member, "cannot be read", text.error().message);
    ArchiveMember refused = member;
    refused.why_unreadable = text.error().message;
    return add_file(refused, path);
  }

  void warn(const ArchiveMember& member, std::string_view what,
            std::string_view why) const {
    content_.warn("the member " + omicsfs::quoted(member.name) + " " +
                  std::string(what) + ": " + std::string(why));
  }

  TreeBuilder& tree_;
  const std::string_view directory_;
  const ArchiveContent& content_;
  const MemberPlaces places_;
  ArchiveTotals totals_;
};

}  // namespace

Result<ArchiveTotals> add_archive(TreeBuilder& tree, std::string_view directory,
                                  const ArchiveContent& content) {
  return ArchiveAdder(tree, directory, content).add();
}

}  // namespace omicsfs
