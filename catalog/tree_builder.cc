// SPDX-License-Identifier: MIT
#include "catalog/tree_builder.h"

#include <utility>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kRootReadme = "README.txt";
// Ours, where the publisher has a README.txt.
constexpr std::string_view kOtherReadme = "README.omicsfs.txt";
std::string_view readme_name(const TreeBuilder& tree) {
  return tree.has_path(kRootReadme) ? kOtherReadme : kRootReadme;
}

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
  const auto known = directories_.find(path);
  if (known != directories_.end()) {
    return known->second;
  }
  const Result<std::vector<std::string_view>> names = split_path(path);
  if (!names) {
    return names.error();
  }
  NodeId parent = kRootNode;
  for (const std::string_view& name : *names) {
    const std::string_view so_far = path.substr(
        0, static_cast<std::size_t>(name.data() + name.size() - path.data()));
    const bool last = &name == &names->back();
    const auto directory =
        make_directory(so_far, parent, name, last ? mtime : default_mtime_);
    if (!directory) {
      return directory.error().within(omicsfs::quoted(path));
    }
    parent = *directory;
  }
  return parent;
}

// The directory at `path`, where it is new `name` in `parent`.
Result<NodeId> TreeBuilder::make_directory(std::string_view path, NodeId parent,
                                           std::string_view name,
                                           std::int64_t mtime) {
  const auto known = directories_.find(path);
  if (known != directories_.end()) {
    return known->second;
  }
  if (writer_->has_entry(parent, name)) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(name) + " is a file, not a directory"};
  }
  Result<NodeId> made = writer_->add_directory(mtime);
  if (!made) {
    return made;
  }
  const Result<void> entered = writer_->add_entry(parent, name, *made);
  if (!entered) {
    return entered.error();
  }
  directories_.emplace(path, *made);
  return made;
}

Result<TreeBuilder::Place> TreeBuilder::place_for(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    const Result<void> valid = check_entry_name(path);
    return valid ? Result<Place>(Place{kRootNode, path}) : valid.error();
  }
  // The rules of a path as a whole hold here, too.
  const Result<std::vector<std::string_view>> names = split_path(path);
  if (!names) {
    return names.error();
  }
  const Result<NodeId> parent = add_directory(path.substr(0, slash));
  return parent ? Result<Place>(Place{*parent, names->back()}) : parent.error();
}

Result<TreeBuilder::Place> TreeBuilder::free_place(std::string_view path) {
  Result<Place> place = place_for(path);
  if (place && writer_->has_entry(place->parent, place->name)) {
    return Error{ErrorCode::kInvalid, omicsfs::quoted(path) + " is taken"};
  }
  return place;
}

Result<NodeId> TreeBuilder::named(const Place& place,
                                  const Result<NodeId>& node) {
  if (!node) {
    return node;
  }
  const auto added = writer_->add_entry(place.parent, place.name, *node);
  return added ? node : added.error();
}

Result<NodeId> TreeBuilder::add_file(std::string_view path,
                                     const RemoteFile& file, std::int64_t mtime,
                                     const FileView& view) {
  const Result<Place> place = free_place(path);
  if (!place) {
    return place.error();
  }
  const Result<ContentId> content = writer_->add_content(file);
  if (!content) {
    return content.error().within(omicsfs::quoted(path));
  }
  auto node = named(*place, writer_->add_remote_file(*content, file, mtime));
  if (node && on_file_) {
    on_file_({path, file, mtime, view});
  }
  return node;
}

bool TreeBuilder::has_path(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return writer_->has_entry(kRootNode, path);
  }
  const auto parent = directories_.find(path.substr(0, slash));
  return parent != directories_.end() &&
         writer_->has_entry(parent->second, path.substr(slash + 1));
}

Result<void> TreeBuilder::check_free(std::string_view path) {
  const Result<Place> place = free_place(path);
  return place ? Result<void>() : place.error();
}

Result<NodeId> TreeBuilder::add_inline_file(std::string_view path,
                                            std::string_view bytes,
                                            std::int64_t mtime) {
  const Result<Place> place = free_place(path);
  return place ? named(*place, writer_->add_inline_file(bytes, mtime))
               : place.error();
}

Result<void> TreeBuilder::set_readme(std::string text, std::int64_t mtime) {
  auto free = check_free(readme_name(*this));
  if (free) {
    readme_ = Readme{std::move(text), mtime};
  }
  return free;
}

Result<void> TreeBuilder::end_readme(std::string_view more) {
  if (!readme_) {
    return {};
  }
  const auto node = add_inline_file(readme_name(*this),
                                    readme_->text.append(more), readme_->mtime);
  readme_.reset();
  return node ? Result<void>() : node.error();
}

Result<NodeId> TreeBuilder::begin_inline_file(std::string_view path,
                                              std::int64_t mtime) {
  const Result<Place> place = free_place(path);
  return place ? named(*place, writer_->begin_inline_file(mtime))
               : place.error();
}

Result<NodeId> TreeBuilder::add_symlink(std::string_view path,
                                        std::string_view target,
                                        std::int64_t mtime) {
  const Result<void> valid = check_target(target);
  if (!valid) {
    return valid.error().within(omicsfs::quoted(path));
  }
  const Result<Place> place = free_place(path);
  return place ? named(*place, writer_->add_symlink(target, mtime))
               : place.error();
}

Result<void> TreeBuilder::set_xattr(NodeId node, std::string_view name,
                                    std::string_view value) {
  return writer_->set_xattr(node, name, value);
}

Result<void> TreeBuilder::add_record(const SnapshotRecord& record) {
  std::vector<RecordField> fields;
  for (const RecordValue& field : record.fields) {
    fields.push_back({field.name, field.text,
                      field.is_list ? FieldKind::kTermList : FieldKind::kTerm});
  }
  return writer_->add_record({record.kind, record.name, record.path, fields});
}

Result<void> TreeBuilder::add_link(std::string_view path, NodeId file) {
  const Result<Place> place = free_place(path);
  return place ? writer_->add_entry(place->parent, place->name, file)
               : place.error();
}

}  // namespace omicsfs
