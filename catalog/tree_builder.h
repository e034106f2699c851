// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "catalog/file_view.h"
#include "catalog/snapshot_writer.h"

namespace omicsfs {

// A file that was added, while that is told of.
struct AddedFile {
  std::string_view path;
  const RemoteFile& file;
  std::int64_t mtime;
  const FileView& view;
};

// Where sources put what they found: paths in, snapshot rows out. Parent
// directories come into being by themselves; only they are held in memory, so
// a tree of a million files costs what its directories cost.
// Every path is relative to the source's root and checked by split_path.
// Errors of all: kInvalid for a bad path, a path that is taken, or one that
// runs through a file; kIo from the writer. Thread-compatible.
class TreeBuilder {
 public:
  // `writer` must outlive the builder. Makes the root, dated `mtime`, as are
  // the directories that no call dates. Any date may be kUndated.
  static Result<TreeBuilder> create(SnapshotWriter& writer, std::int64_t mtime);

  // Makes the directory, or finds it where it is there already.
  Result<NodeId> add_directory(std::string_view path);
  // As mkdir -p, with a date for the last name where it is new.
  Result<NodeId> add_directory(std::string_view path, std::int64_t mtime);
  // What `view` tells is for the listener of on_file.
  Result<NodeId> add_file(std::string_view path, const RemoteFile& file,
                          std::int64_t mtime, const FileView& view = {});
  Result<NodeId> add_inline_file(std::string_view path, std::string_view bytes,
                                 std::int64_t mtime);
  Result<NodeId> add_symlink(std::string_view path, std::string_view target,
                             std::int64_t mtime);
  // Who is told of each file that add_file adds; nobody at first.
  using OnFile = std::function<void(const AddedFile& added)>;
  void on_file(OnFile listener) { on_file_ = std::move(listener); }
  // Whether a name can be added at `path`. Errors: kInvalid, it is taken or no
  // path; kIo. Its directories are made.
  Result<void> check_free(std::string_view path);
  // Whether something stands at `path`.
  [[nodiscard]] bool has_path(std::string_view path) const;
  // A further name for a file that an add_… call returned.
  Result<void> add_link(std::string_view path, NodeId file);
  Result<void> set_xattr(NodeId node, std::string_view name,
                         std::string_view value);
  // As SnapshotWriter::add_record.
  Result<void> add_record(const NewRecord& record) {
    return writer_->add_record(record);
  }
  // Likewise one of no node, which is found by all of its fields.
  Result<void> add_record(const SnapshotRecord& record);
  // As SnapshotWriter::begin_inline_file and what follows it, with a name.
  Result<NodeId> begin_inline_file(std::string_view path, std::int64_t mtime);
  Result<void> append_bytes(NodeId file, std::string_view bytes) {
    return writer_->append_bytes(file, bytes);
  }
  Result<void> end_bytes(NodeId file) { return writer_->end_bytes(file); }
  // As SnapshotWriter::set_document_date.
  void set_document_date(std::optional<std::int64_t> date) {
    writer_->set_document_date(date);
  }
  // Says what README.txt at the root holds, or README.omicsfs.txt if the first
  // is taken: end_readme() adds it. Errors: kInvalid, both are taken; kIo.
  Result<void> set_readme(std::string text, std::int64_t mtime);
  // Adds that file, with `more` at its end, where set_readme() was called.
  Result<void> end_readme(std::string_view more);
  // As SnapshotWriter::set_property.
  Result<void> set_property(std::string_view name, std::string_view value) {
    return writer_->set_property(name, value);
  }

 private:
  struct Place {  // where a name goes
    NodeId parent;
    std::string_view name;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const {
      return std::hash<std::string_view>()(path);
    }
  };

  TreeBuilder(SnapshotWriter& writer, std::int64_t mtime);
  // The directories of `path` are made.
  Result<Place> place_for(std::string_view path);
  // Likewise, of a name that is not taken.
  Result<Place> free_place(std::string_view path);
  // Gives the node that was just made its name.
  Result<NodeId> named(const Place& place, const Result<NodeId>& node);
  Result<NodeId> make_directory(std::string_view path, NodeId parent,
                                std::string_view name, std::int64_t mtime);

  struct Readme {
    std::string text;
    std::int64_t mtime = 0;
  };

  SnapshotWriter* writer_;
  std::int64_t default_mtime_;
  std::optional<Readme> readme_;
  OnFile on_file_;
  // By path, the root excepted.
  std::unordered_map<std::string, NodeId, Hash, std::equal_to<>> directories_;
};

}  // namespace omicsfs
