// SPDX-License-Identifier: MIT
#include "fs/snapshot_path.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr int kMaxLinks = 40;  // as Linux has it (path_resolution(7))

// Walks one path. Names still to come are a stack, the next one last, so that
// those of a link's target go on top.
class PathWalk {
 public:
  PathWalk(const Snapshot& snapshot, std::string_view path)
      : snapshot_(snapshot), path_(path) {
    push(path);
  }

  Result<NodeFacts> run();

 private:
  void push(std::string_view path);
  Result<void> step(const std::string& name);
  Result<void> follow(const NodeFacts& link);
  [[nodiscard]] Error not_found(const std::string& why) const;

  const Snapshot& snapshot_;
  std::string_view path_;
  std::vector<std::string> names_;
  NodeId here_ = kRootNode;  // a directory, or with no names left any node
  int links_ = 0;
};

void PathWalk::push(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) {
      names.emplace_back(path.substr(0, end));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  names_.insert(names_.end(), names.rbegin(), names.rend());
}

Error PathWalk::not_found(const std::string& why) const {
  return Error{ErrorCode::kNotFound, omicsfs::quoted(path_) + ": " + why};
}

Result<NodeFacts> PathWalk::run() {
  while (!names_.empty()) {
    const std::string name = std::move(names_.back());
    names_.pop_back();
    if (const auto stepped = step(name); !stepped) {
      return stepped.error();
    }
  }
  return snapshot_.node(here_);
}

Result<void> PathWalk::step(const std::string& name) {
  if (name == ".") {
    return {};
  }
  if (name == "..") {
    const auto parent = snapshot_.parent_of(here_);
    here_ = parent ? *parent : here_;
    return parent ? Result<void>() : parent.error();
  }
  const auto child = snapshot_.lookup(here_, name);
  if (!child) {
    const bool absent = child.error().code == ErrorCode::kNotFound;
    return absent ? not_found("no such file or directory") : child.error();
  }
  if (child->kind == NodeKind::kSymlink) {
    return follow(*child);
  }
  if (child->kind != NodeKind::kDirectory && !names_.empty()) {
    return not_found(omicsfs::quoted(name) + " is not a directory");
  }
  here_ = child->id;
  return {};
}

Result<void> PathWalk::follow(const NodeFacts& link) {
  const auto target = snapshot_.symlink_target(link.id);
  if (!target) {
    return target.error();
  }
  if (target->starts_with('/')) {
    return not_found("a link leads to " + omicsfs::quoted(*target) +
                     ", out of the source");
  }
  if (++links_ > kMaxLinks) {
    return not_found("too many symbolic links");
  }
  push(*target);
  return {};
}

}  // namespace

Result<NodeFacts> find_path(const Snapshot& snapshot, std::string_view path) {
  return PathWalk(snapshot, path).run();
}

Result<std::string> first_path(const Snapshot& snapshot, NodeId id) {
  std::string path;
  // A damaged snapshot may have a loop.
  for (std::size_t depth = 0; id != kRootNode; ++depth) {
    const auto place = snapshot.first_entry(id);
    if (!place || depth == kMaxPathDepth) {
      return place ? Error{ErrorCode::kCorrupt, "directories in a loop"}
                   : place.error();
    }
    const auto entries = snapshot.list(place->parent, place->position - 1, 1);
    if (!entries || entries->empty()) {
      return entries ? Error{ErrorCode::kCorrupt, "an entry is missing"}
                     : entries.error();
    }
    path.insert(0, path.empty() ? "" : "/");
    path.insert(0, entries->front().name);
    id = place->parent;
  }
  return path;
}

Result<std::filesystem::path> refreshed_snapshot(
    const std::filesystem::path& state_dir, const std::string& source) {
  auto path = current_snapshot(state_dir, source);
  if (path || path.error().code != ErrorCode::kNotFound) {
    return path;
  }
  return Error{ErrorCode::kNotFound,
               "not refreshed yet; run `omicsfs refresh " + source + "` first"};
}

}  // namespace omicsfs
