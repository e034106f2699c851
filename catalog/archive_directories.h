// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/archive_choice.h"
#include "catalog/column_views.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// Where the members of the archive at `path` stand, unless its view tells.
[[nodiscard]] std::string archive_directory(std::string_view path);

// The archives among the files of a source, which become directories beside
// them, and the arrays whose columns do; several are read at a time. Used by
// one thread, by one refresh.
class ArchiveDirectories {
 public:
  explicit ArchiveDirectories(ArchiveChoice choice)
      : choice_(std::move(choice)) {}

  // For TreeBuilder::on_file: takes down what is chosen, by its view or else by
  // its name. A part of another file never is: archives in archives stay files.
  void see(const AddedFile& added);

  // Puts the members of each archive seen at its directory, which is `<its
  // path>.d` where the view names none, and the blocks of columns of which a
  // view tells below the same. What cannot be listed or read, or whose
  // directory's name is taken, stays a file alone; `input.warn` is told of it.
  // Errors: those of TreeBuilder and ColumnViews; kInterrupted.
  Result<void> add(const SourceInput& input, TreeBuilder& tree) const;

 private:
  struct Found {
    std::string path;
    std::shared_ptr<const RemoteFile> file;
    std::int64_t mtime;
    std::string directory;
    bool has_members;                            // that are to be shown
    std::shared_ptr<const ColumnTable> columns;  // null: none

    [[nodiscard]] bool is_array() const {
      return columns && columns->contains("");
    }
  };
  // What is read of one, by any thread.
  struct Contents {
    Result<ArchiveMembers> members = ArchiveMembers();  // of an archive
    ArraysByName arrays{};                              // of its columns
  };

  [[nodiscard]] std::shared_ptr<const ColumnTable> kept(
      const ColumnTable& columns) const;
  static Result<void> refused(const Found& found, const Error& error,
                              const SourceInput& input);
  static Contents contents_of(const Found& found,
                              const ArchiveAccess& archives);
  static Result<void> add_one(const Found& found, const Contents& contents,
                              const SourceInput& input, TreeBuilder& tree,
                              ColumnViews& views);

  ArchiveChoice choice_;
  std::vector<Found> found_;
};

}  // namespace omicsfs
