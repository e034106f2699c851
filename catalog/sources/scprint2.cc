// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "catalog/array_file.h"
#include "catalog/column_table.h"
#include "catalog/column_views.h"
#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/file_listing.h"
#include "catalog/in_order.h"
#include "catalog/sources/scprint2_name.h"
#include "catalog/sources/scprint2_readme.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxTableBytes = std::uint64_t{1} << 20U;
// Warnings of files that are told of one by one.
constexpr std::uint64_t kFaultsTold = 10;

// The columns as the atlas's README has them.
constexpr std::string_view kScprint2Columns = R"({
  "embs": {
    "other": [0, 256],
    "cell_type": [256, 320],
    "tissue": [320, 352],
    "disease": [352, 384],
    "age": [384, 392],
    "assay": [392, 404],
    "self_reported_ethnicity": [404, 412],
    "sex": [412, 414],
    "organism": [414, 422],
    "cell_culture": [422, 424]
  },
  "top3": {
    "cell_type": [0, 3],
    "tissue": [3, 6],
    "disease": [6, 9],
    "age": [9, 12],
    "assay": [12, 15],
    "self_reported_ethnicity": [15, 18],
    "sex": [18, 19],
    "organism": [19, 22],
    "cell_culture": [22, 23]
  },
  "scores": {
    "cell_type": [0, 3],
    "tissue": [3, 6],
    "disease": [6, 9],
    "age": [9, 12],
    "assay": [12, 15],
    "self_reported_ethnicity": [15, 18],
    "sex": [18, 19],
    "organism": [19, 22],
    "cell_culture": [22, 23]
  }
}
)";

// A file of the atlas, as listed.
struct AtlasFile {
  Scprint2Name name;
  ListedFile listed;
};

std::string shape_text(const NpyHeader& header) {
  std::string text;
  for (const std::uint64_t length : header.shape) {
    text += text.empty() ? "" : ",";
    text += std::to_string(length);
  }
  return text;
}

class Scprint2Tree {
 public:
  Scprint2Tree(const SourceInput& input, TreeBuilder& tree, ColumnTable table)
      : input_(input),
        tree_(tree),
        table_(std::move(table)),
        views_(tree, [this](const std::string& path, const Error& error) {
          fault(path, error);
        }) {}
  Scprint2Tree(const Scprint2Tree&) = delete;
  Scprint2Tree& operator=(const Scprint2Tree&) = delete;

  // `array` is what array_within gave.
  Result<void> add(const AtlasFile& file, const Result<ArrayFile>& array);
  // README.txt and columns.json, and what there is in all.
  Result<SourceSummary> finish(std::string_view table_text);

 private:
  Result<void> add_array(const Scprint2Name& name, const ArrayFile& array,
                         NodeId whole);
  Result<void> add_columns(const Scprint2Name& name, const ArrayFile& array);
  Result<void> describe(NodeId node, const ArrayFile& array);
  void count(const Scprint2Name& name, std::uint64_t bytes,
             const Result<ArrayFile>& array);
  // Tells of a file that stays a file alone.
  void fault(const std::string& path, const Error& error);

  const SourceInput& input_;
  TreeBuilder& tree_;
  const ColumnTable table_;
  ColumnViews views_;
  SourceSummary summary_;
  Scprint2Subsets subsets_;
  std::uint64_t faults_ = 0;
};

void Scprint2Tree::fault(const std::string& path, const Error& error) {
  if (++faults_ <= kFaultsTold) {
    input_.warn(fmt::format("the array in {} is not shown: {}",
                            omicsfs::quoted(path), error.message));
  }
}

Result<void> Scprint2Tree::describe(NodeId node, const ArrayFile& array) {
  if (!array.why_unreadable.empty()) {
    return tree_.set_xattr(node, "omicsfs.unreadable", array.why_unreadable);
  }
  auto set = tree_.set_xattr(node, "scprint2.shape", shape_text(*array.header));
  return set ? tree_.set_xattr(node, "scprint2.dtype", array.header->descr)
             : set;
}

// The array beside its file `whole`.
Result<void> Scprint2Tree::add_array(const Scprint2Name& name,
                                     const ArrayFile& array, NodeId whole) {
  const std::string path =
      fmt::format("{}/{}.npy", name.directory(), name.array);
  if (!array.file->member) {
    auto linked = tree_.add_link(path, whole);
    return linked ? describe(whole, array) : linked;
  }
  const auto node = tree_.add_file(path, *array.file, array.mtime);
  return node ? describe(*node, array) : node.error();
}

Result<void> Scprint2Tree::add_columns(const Scprint2Name& name,
                                       const ArrayFile& array) {
  const auto blocks = table_.find(name.array);
  if (blocks == table_.end()) {
    return {};
  }
  return views_.add(fmt::format("{}/{}", name.directory(), name.array), array,
                    blocks->second);
}

// The file at both its places, and what is within it.
Result<void> Scprint2Tree::add(const AtlasFile& file,
                               const Result<ArrayFile>& array) {
  const std::string& path = file.listed.path;
  RemoteFile remote = remote_file_of(file.listed);
  if (!array && ends_refresh(array.error())) {
    return array.error();
  }
  // An array of its own is mapped by its own name, too.
  remote.is_mapped = array && !array->file->member;
  const auto node =
      tree_.add_file(path, remote, file.listed.modified.value_or(kUndated));
  if (!node) {
    return node.error();
  }
  if (auto linked = tree_.add_link(
          fmt::format("{}/{}.npz", file.name.directory(), file.name.array),
          *node);
      !linked) {
    return linked;
  }
  count(file.name, remote.size, array);
  if (!array) {
    fault(path, array.error());
    return {};
  }
  auto added = add_array(file.name, *array, *node);
  return added ? add_columns(file.name, *array) : added;
}

void Scprint2Tree::count(const Scprint2Name& name, std::uint64_t bytes,
                         const Result<ArrayFile>& array) {
  ++summary_.files;
  summary_.bytes += bytes;
  Scprint2Subset& subset = subsets_[name.directory()];
  const auto index = static_cast<std::size_t>(
      std::find(kScprint2Arrays.begin(), kScprint2Arrays.end(), name.array) -
      kScprint2Arrays.begin());
  subset.has.at(index) = true;
  if (array && array->header && !array->header->shape.empty()) {
    subset.rows.at(index) = array->header->shape[0];
  }
}

Result<SourceSummary> Scprint2Tree::finish(std::string_view table_text) {
  if (faults_ > kFaultsTold) {
    input_.warn(fmt::format("{} faults of arrays in all", faults_));
  }
  if (const auto made = tree_.add_inline_file(
          "columns.json", std::string(table_text), kUndated);
      !made) {
    return made.error();
  }
  const std::string place =
      told_place(input_.settings.listing.empty() ? input_.settings.base_url
                                                 : input_.settings.listing);
  if (auto set = tree_.set_readme(
          scprint2_readme(
              {summary_.files, summary_.bytes, place, !table_.empty()},
              subsets_),
          kUndated);
      !set) {
    return set.error();
  }
  if (const std::uint64_t count = troubled(subsets_); count != 0) {
    summary_.note =
        fmt::format("{} of {} subsets are incomplete", count, subsets_.size());
    input_.warn(summary_.note + "; README.txt names them");
  }
  return summary_;
}

// The atlas's files of what is listed, in order of their paths, and their
// sizes.
Result<std::vector<AtlasFile>> atlas_files(const SourceInput& input) {
  auto listed = list_files(input, "");
  if (!listed) {
    return listed.error();
  }
  std::erase_if(*listed, [](const ListedFile& file) {
    return !parse_scprint2_name(file.path);
  });
  if (listed->empty()) {
    return Error{ErrorCode::kInvalid,
                 "the listing has no file named "
                 "step_<S>__predict_part_<P>_<G>_{embs,top3,scores}.npz"};
  }
  if (auto found = find_sizes(input, *listed); !found) {
    return found.error();
  }
  std::sort(listed->begin(), listed->end(),
            [](const ListedFile& left, const ListedFile& right) {
              return left.path < right.path;
            });
  std::vector<AtlasFile> files;
  for (ListedFile& file : *listed) {
    files.push_back({*parse_scprint2_name(file.path), std::move(file)});
  }
  return files;
}

Result<std::string> column_text_of(const SourceInput& input) {
  const std::string& place = input.settings.columns;
  if (place.empty()) {
    return std::string(kScprint2Columns);
  }
  auto document = read_document(input, place, kMaxTableBytes);
  return document ? Result<std::string>(std::move(document->text))
                  : document.error();
}

}  // namespace

Result<SourceSummary> build_scprint2(const SourceInput& input,
                                     TreeBuilder& tree) {
  // Its archives have a layout of their own here.
  tree.on_file({});
  const auto text = column_text_of(input);
  auto table =
      text ? parse_column_table(*text) : Result<ColumnTable>(text.error());
  if (!table) {
    return table.error().within("the table of columns");
  }
  if (input.settings.listing.empty() && input.settings.base_url.empty()) {
    return Error{ErrorCode::kInvalid,
                 "where the atlas is published is not known; set "
                 "sources.scprint2.listing to a listing of its files (man "
                 "omicsfs.json)"};
  }
  const auto files = atlas_files(input);
  if (!files) {
    return files.error();
  }
  Scprint2Tree atlas(input, tree, *std::move(table));
  const auto array_of = [&](std::size_t index) {
    return array_within(*input.archives,
                        std::make_shared<const RemoteFile>(
                            remote_file_of((*files)[index].listed)),
                        kUndated);
  };
  const auto take = [&](std::size_t index,
                        const Result<ArrayFile>& array) -> Result<void> {
    input.progress("arrays", index, files->size());
    if (input.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "the refresh was ended"};
    }
    return atlas.add((*files)[index], array);
  };
  const auto added =
      values_in_order(files->size(), kReadAtOnce, array_of, take);
  return added ? atlas.finish(*text) : added.error();
}

}  // namespace omicsfs
