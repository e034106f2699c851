// SPDX-License-Identifier: MIT
#include "catalog/archive_links.h"

#include <algorithm>
#include <vector>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

// As many as Linux follows (path_resolution(7)).
constexpr int kMostLinks = 40;
constexpr std::size_t kMostTargetBytes = 4095;  // PATH_MAX

using Names = std::vector<std::string>;

// The names of a target in reverse order, as a tree has them, without empty
// ones and ".".
Names reversed_names(std::string_view target) {
  Names names;
  while (!target.empty()) {
    const std::string_view name = target.substr(0, target.find('/'));
    if (name == "..") {
      names.emplace_back(name);
    } else if (!name.empty() && name != ".") {
      names.push_back(clean_entry_name(name));
    }
    target.remove_prefix(std::min(name.size() + 1, target.size()));
  }
  std::reverse(names.begin(), names.end());
  return names;
}

std::string joined(const Names& names) {
  std::string path;
  for (const std::string& name : names) {
    path += path.empty() ? "" : "/";
    path += name;
  }
  return path;
}

Error no_link(const std::string& why) {
  return {ErrorCode::kInvalid, "it is a symbolic link " + why};
}

Result<void> check_target(std::string_view target) {
  if (target.empty()) {
    return no_link("that names no target");
  }
  if (target.size() > kMostTargetBytes ||
      target.find('\0') != std::string_view::npos) {
    return no_link("whose target is no path");
  }
  return target.starts_with('/')
             ? no_link("to the absolute path " + omicsfs::quoted(target))
             : Result<void>();
}

// Where a walk along a link has come to.
class LinkWalk {
 public:
  LinkWalk(const std::string& link, const FindInArchive& find)
      : find_(find), at_(reversed_names(link)) {
    std::reverse(at_.begin(), at_.end());
    at_.pop_back();
  }

  Result<void> follow(std::string_view target) {
    if (++links_ > kMostLinks) {
      return no_link("that leads in a circle");
    }
    if (auto checked = check_target(target); !checked) {
      return checked;
    }
    for (std::string& name : reversed_names(target)) {
      left_.push_back(std::move(name));
    }
    return {};
  }

  // Goes to the end. Errors: as archive_link_text.
  Result<void> go() {
    while (!left_.empty()) {
      const std::string name = std::move(left_.back());
      left_.pop_back();
      if (auto gone = go_to(name); !gone) {
        return gone;
      }
    }
    return {};
  }

 private:
  Result<void> go_to(const std::string& name) {
    if (name == "..") {
      if (at_.empty()) {
        return no_link("that leads out of the archive");
      }
      at_.pop_back();
      return {};
    }
    at_.push_back(name);
    const FoundInArchive found = find_(joined(at_));
    switch (found.place) {
      case ArchivePlace::kDirectory:
        return {};
      case ArchivePlace::kFile:
        return left_.empty() ? Result<void>()
                             : no_link("that leads through a file");
      case ArchivePlace::kLink:
        at_.pop_back();
        return follow(found.target);
      case ArchivePlace::kNothing:
        break;
    }
    return no_link("to " + omicsfs::quoted(joined(at_)) +
                   ", which the archive does not hold");
  }

  const FindInArchive& find_;
  Names at_;    // the directory that the walk is in
  Names left_;  // names still to be gone to, the next one last
  int links_ = 0;
};

}  // namespace

Result<std::string> archive_link_text(const std::string& path,
                                      std::string_view target,
                                      const FindInArchive& find) {
  LinkWalk walk(path, find);
  Result<void> done = walk.follow(target);
  if (done) {
    done = walk.go();
  }
  if (!done) {
    return done.error();
  }
  Names names = reversed_names(target);
  std::reverse(names.begin(), names.end());
  return names.empty() ? std::string(".") : joined(names);
}

}  // namespace omicsfs
