// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalog/archive_choice.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// The archives among the files of a source, which become directories beside
// them. Used by one thread, by one refresh.
class ArchiveDirectories {
 public:
  explicit ArchiveDirectories(ArchiveChoice choice)
      : choice_(std::move(choice)) {}

  // For TreeBuilder::on_file: takes down what is chosen. A member of an archive
  // never is: archives in archives stay files.
  void see(std::string_view path, const RemoteFile& file);

  // Puts the members of each archive seen at `<its path>.d`, of which `input`
  // tells. One that cannot be listed, or whose directory's name is taken, stays
  // a file alone; `input.warn` is told of it. Errors: those of TreeBuilder;
  // kInterrupted.
  Result<void> add(const SourceInput& input, TreeBuilder& tree) const;

 private:
  struct Found {
    std::string path;
    RemoteFile file;
  };

  ArchiveChoice choice_;
  std::vector<Found> found_;
};

}  // namespace omicsfs
