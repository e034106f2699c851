// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/array_file.h"
#include "catalog/column_table.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// Arrays by their names in a table of columns, each with its header, or why
// there is none.
using ArraysByName = std::map<std::string, Result<ArrayFile>, std::less<>>;

// The arrays of which `table` tells: the members `<array>.npy` of an archive,
// of several of one name the last, as in add_archive. After an error that ends
// a refresh (ends_refresh), which is among them, no further one is read. Each
// has a header, or is an error: those of member_array; kInvalid, no such
// member; kUnsupported, an unreadable one.
ArraysByName member_arrays(const ArchiveAccess& archives,
                           const std::shared_ptr<const RemoteFile>& archive,
                           const ArchiveMembers& members,
                           const ColumnTable& table);

// Puts blocks of columns into a tree, each as an array file of its own. What
// cannot be shown is left out, and told of: an array that is none or that the
// blocks do not fit, a name that is taken. Used by one thread.
class ColumnViews {
 public:
  // `place` is the path of the block, or of the directory of them.
  using Fault =
      std::function<void(const std::string& place, const Error& error)>;

  // `tree` must outlive it.
  ColumnViews(TreeBuilder& tree, Fault fault)
      : tree_(tree), fault_(std::move(fault)) {}

  // At `<directory>/<block>.npy`; of an array without a header nothing. Errors:
  // kIo.
  Result<void> add(const std::string& directory, const ArrayFile& array,
                   const std::vector<ColumnBlock>& blocks);
  // Likewise all of `table`, at `<directory>/<array>/<block>.npy`; what has the
  // name "" is at `<directory>/<block>.npy`. Errors: those of `arrays` that end
  // a refresh; kIo.
  Result<void> add_table(const std::string& directory,
                         const ArraysByName& arrays, const ColumnTable& table);

 private:
  // Tells of an error, and returns it where it ends the refresh.
  Result<void> told(const std::string& place, const Error& error) const;

  TreeBuilder& tree_;
  Fault fault_;
};

}  // namespace omicsfs
