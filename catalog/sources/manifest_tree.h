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
  // size that is not told is 0.
  ManifestTree(TreeBuilder& tree, const ArchiveAccess* locate)
      : tree_(tree), locate_(locate) {}

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
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] Result<RemoteFile> remote_file(
      const ManifestEntry& entry) const;
  [[nodiscard]] Result<RemoteFile> located(
      const std::vector<std::string>& urls) const;
  Result<NodeId> add_node(const ManifestEntry& entry);
  Result<std::string> free_path(const ManifestEntry& entry);

  TreeBuilder& tree_;
  const ArchiveAccess* locate_;
  EntrySet origins_;  // of entries that are named by their urls
  std::unordered_map<std::string, std::uint32_t>
      numbers_;  // the last of a path
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace omicsfs
