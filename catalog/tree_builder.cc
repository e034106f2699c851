// SPDX-License-Identifier: MIT
#include "catalog/tree_builder.h"

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

Result<void> check_target(std::string_view target) {
  const bool valid = !target.empty() && target.size() <= kMaxPathBytes &&
                     target.find('\0') == std::string_view::npos;
  if (valid) {
    return {};
  }
  return Error{ErrorCode::kInvalid,
               "bad symlink target " + omicsfs::quoted(target)};
}

}  // namespace

TreeBuilder::TreeBuilder(SnapshotWriter& writer, std::int64_t mtime)
    : writer_(&writer), default_mtime_(mtime) {}

Result<TreeBuilder> TreeBuilder::create(SnapshotWriter& writer,
                                        std::int64_t mtime) {
  const Result<NodeId> root = writer.add_directory(mtime);
  if (!root) {
    return root.error();
  }
  if (*root != kRootNode) {
    return Error{ErrorCode::kInvalid, "the snapshot has a root already"};
  }
  return TreeBuilder(writer, mtime);
}

Result<NodeId> TreeBuilder::add_directory(std::string_view path) {
  return add_directory(path, default_mtime_);
}

Result<NodeId> TreeBuilder::add_directory(std::string_view path,
                                          std::int64_t mtime) {
  const Result<std::vector<std::string_view>> names = split_path(path);
  if (!names) {
    return names.error();
  }
  Result<NodeId> directory = kRootNode;
  for (const std::string_view& name : *names) {
    const bool last = &name == &names->back();
    directory =
        child_directory(*directory, name, last ? mtime : default_mtime_);
    if (!directory) {
      return directory.error().within(omicsfs::quoted(path));
    }
  }
  return directory;
}

Result<NodeId> TreeBuilder::child_directory(NodeId parent,
                                            std::string_view name,
                                            std::int64_t mtime) {
  const auto known = directories_.find(Child{parent, name});
  if (known != directories_.end()) {
    return known->second;
  }
  const Result<bool> taken = writer_->has_entry(parent, name);
  if (!taken) {
    return taken.error();
  }
  if (*taken) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(name) + " is a file, not a directory"};
  }
  Result<NodeId> made = writer_->add_directory(mtime);
  if (!made) {
    return made;
  }
  const Result<void> named = writer_->add_entry(parent, name, *made);
  if (!named) {
    return named.error();
  }
  directories_.emplace(std::pair(parent, std::string(name)), *made);
  return made;
}

Result<TreeBuilder::Child> TreeBuilder::place_for(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const bool nested = slash != std::string_view::npos;
  const Result<std::vector<std::string_view>> names = split_path(path);
  if (!names) {
    return names.error();
  }
  const Result<NodeId> parent =
      nested ? add_directory(path.substr(0, slash)) : kRootNode;
  if (!parent) {
    return parent.error();
  }
  const Result<bool> taken = writer_->has_entry(*parent, names->back());
  if (!taken) {
    return taken.error();
  }
  if (*taken) {
    return Error{ErrorCode::kInvalid, omicsfs::quoted(path) + " is taken"};
  }
  return Child{*parent, names->back()};
}

Result<NodeId> TreeBuilder::named(const Child& place,
                                  const Result<NodeId>& node) {
  if (!node) {
    return node;
  }
  const Result<void> added =
      writer_->add_entry(place.parent, place.name, *node);
  return added ? node : added.error();
}

Result<NodeId> TreeBuilder::add_file(std::string_view path,
                                     const RemoteFile& file,
                                     std::int64_t mtime) {
  const Result<Child> place = place_for(path);
  if (!place) {
    return place.error();
  }
  const Result<ContentId> content = writer_->add_content(file);
  if (!content) {
    return content.error().within(omicsfs::quoted(path));
  }
  auto node =
      named(*place, writer_->add_remote_file(*content, file.size, mtime));
  if (node && on_file_) {
    on_file_(path, file);
  }
  return node;
}

Result<void> TreeBuilder::check_free(std::string_view path) {
  const Result<Child> place = place_for(path);
  return place ? Result<void>() : place.error();
}

Result<NodeId> TreeBuilder::add_inline_file(std::string_view path,
                                            std::string_view bytes,
                                            std::int64_t mtime) {
  const Result<Child> place = place_for(path);
  if (!place) {
    return place.error();
  }
  return named(*place, writer_->add_inline_file(bytes, mtime));
}

Result<NodeId> TreeBuilder::add_symlink(std::string_view path,
                                        std::string_view target,
                                        std::int64_t mtime) {
  const Result<void> valid = check_target(target);
  if (!valid) {
    return valid.error().within(omicsfs::quoted(path));
  }
  const Result<Child> place = place_for(path);
  if (!place) {
    return place.error();
  }
  return named(*place, writer_->add_symlink(target, mtime));
}

Result<void> TreeBuilder::add_link(std::string_view path, NodeId file) {
  const Result<Child> place = place_for(path);
  if (!place) {
    return place.error();
  }
  return writer_->add_entry(place->parent, place->name, file);
}

Result<void> TreeBuilder::add_record(const SnapshotRecord& record) {
  return writer_->add_record(record);
}

Result<void> TreeBuilder::set_xattr(NodeId node, std::string_view name,
                                    std::string_view value) {
  return writer_->set_xattr(node, name, value);
}

}  // namespace omicsfs
