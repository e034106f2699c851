// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "catalog/entry_set.h"
#include "catalog/sources/manifest_entry.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// Puts what manifests tell of into a tree. Thread-compatible.
class ManifestTree {
 public:
  // `locate` asks for what is not told of a file; null: nothing is asked, and a
  // size that is not told is 0. `before` is the catalog that the tree replaces;
  // null: there is none.
  ManifestTree(TreeBuilder& tree, const ArchiveAccess* locate,
               const Snapshot* before = nullptr)
      : tree_(tree), locate_(locate), before_(before) {}

  // Errors: kInvalid, it cannot stand there (its path is taken, or runs through
  // a file), or it is another file than is told; kNotFound, none of its urls
  // has it; those of ArchiveAccess::locate; kIo.
  Result<void> add(const ManifestEntry& entry);
  // Likewise. Where the path is but the url's and another file has it, the file
  // gets another name: the entry's other name, or a number before the
  // extension. Returns the path at which it stands. Errors: also kInvalid, the
  // same entry was added before.
  Result<std::string> add_apart(const ManifestEntry& entry);

  [[nodiscard]] std::uint64_t files() const { return files_; }
  // Why the file that was added last stands as it did before: its server told
  // nothing of it now; "" = it did.
  [[nodiscard]] const std::string& kept_because() const {
    return kept_because_;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  Result<RemoteFile> remote_file(const ManifestEntry& entry);
  [[nodiscard]] Result<RemoteFile> located(
      const std::vector<std::string>& urls) const;
  Result<RemoteFile> asked_file(const ManifestEntry& entry);
  Result<NodeId> add_node(const ManifestEntry& entry);
  Result<std::string> free_path(const ManifestEntry& entry);

  TreeBuilder& tree_;
  const ArchiveAccess* locate_;
  const Snapshot* before_;
  std::string kept_because_;
  EntrySet origins_;  // of entries that are named by their urls
  std::unordered_map<std::string, std::uint32_t>
      numbers_;  // the last of a path
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace omicsfs
