// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "catalog/snapshot_writer.h"

namespace omicsfs {

// Where sources put what they found: paths in, snapshot rows out. Parent
// directories come into being by themselves; only they are held in memory, so
// a tree of a million files costs what its directories cost.
// Every path is relative to the source's root and checked by split_path.
// Errors of all: kInvalid for a bad path, a path that is taken, or one that
// runs through a file; kIo from the writer. Thread-compatible.
class TreeBuilder {
 public:
  // `writer` must outlive the builder. Makes the root, dated `mtime`, as are
  // the directories that no call dates.
  static Result<TreeBuilder> create(SnapshotWriter& writer, std::int64_t mtime);

  // Makes the directory, or finds it where it is there already.
  Result<NodeId> add_directory(std::string_view path);
  // As mkdir -p, with a date for the last name where it is new.
  Result<NodeId> add_directory(std::string_view path, std::int64_t mtime);
  Result<NodeId> add_file(std::string_view path, const RemoteFile& file,
                          std::int64_t mtime);
  Result<NodeId> add_inline_file(std::string_view path, std::string_view bytes,
                                 std::int64_t mtime);
  Result<NodeId> add_symlink(std::string_view path, std::string_view target,
                             std::int64_t mtime);
  // Who is told of each file that add_file adds; nobody at first.
  using OnFile =
      std::function<void(std::string_view path, const RemoteFile& file)>;
  void on_file(OnFile listener) { on_file_ = std::move(listener); }
  // Whether a name can be added at `path`. Errors: kInvalid, it is taken or no
  // path; kIo. Its directories are made.
  Result<void> check_free(std::string_view path);
  // A further name for a file that an add_… call returned.
  Result<void> add_link(std::string_view path, NodeId file);
  Result<void> set_xattr(NodeId node, std::string_view name,
                         std::string_view value);
  // As SnapshotWriter::add_record.
  Result<void> add_record(const SnapshotRecord& record);

 private:
  struct Child {  // a name in a directory
    NodeId parent;
    std::string_view name;
  };
  struct ByParentAndName {
    using is_transparent = void;
    using Key = std::pair<NodeId, std::string>;
    static Child child(const Key& key) { return {key.first, key.second}; }
    static const Child& child(const Child& key) { return key; }
    template <typename Left, typename Right>
    bool operator()(const Left& left, const Right& right) const {
      const Child a = child(left);
      const Child b = child(right);
      return std::tie(a.parent, a.name) < std::tie(b.parent, b.name);
    }
  };

  TreeBuilder(SnapshotWriter& writer, std::int64_t mtime);
  // Where the last name of `path` goes; its directories are made.
  Result<Child> place_for(std::string_view path);
  Result<NodeId> named(const Child& place, const Result<NodeId>& node);
  Result<NodeId> child_directory(NodeId parent, std::string_view name,
                                 std::int64_t mtime);

  SnapshotWriter* writer_;
  std::int64_t default_mtime_;
  OnFile on_file_;
  std::map<std::pair<NodeId, std::string>, NodeId, ByParentAndName>
      directories_;
};

}  // namespace omicsfs
