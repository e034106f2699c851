// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/external_sort.h"
#include "catalog/result.h"
#include "catalog/sources/encode_fields.h"
#include "catalog/sources/encode_rules.h"
#include "catalog/sources/encode_text.h"
#include "catalog/sources/encode_views.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// A dataset whose files are being added.
struct EncodeDataset {
  std::string path;   // "experiments/ENCSR1"
  std::string named;  // "/experiments/ENCSR1/"
  NodeId metadata = 0;
  NodeId links = 0;  // files.txt
  std::int64_t date = 0;
  EncodeExperimentText text;
  EncodeFacets facets;
  std::map<std::string, std::string, std::less<>> names;     // by id
  std::vector<std::pair<std::string, std::string>> indexes;  // of id, its name
};

// Puts files of ENCODE into the tree (encode.h describes it): first each file,
// in order of their ids, then datasets with what is in them. Errors: those of
// the tree and of ExternalSort.
class EncodeTree {
 public:
  struct Settings {
    EncodeChoice choice;
    std::string portal;  // its url, with a slash at the end
    std::string scratch_directory;
    Endpoints endpoints{};
  };
  EncodeTree(TreeBuilder& tree, Settings settings);

  // Begins the tables at the root.
  Result<void> begin();
  // A file that complete_encode_file took.
  Result<void> add(const EncodeFile& file);
  // The rest. `catalogue` says where the files came from; `on_datasets` is told
  // from time to time how many are done, and ends it by an error.
  Result<EncodeTotals> finish(
      const std::string& catalogue,
      const std::function<Result<void>(std::uint64_t)>& on_datasets);

 private:
  Result<void> show(const EncodeFile& file);
  Result<void> describe(const EncodeFile& file, NodeId node,
                        const std::string& path);
  Result<void> begin_dataset(const EncodeFile& file);
  Result<void> add_to_dataset(const EncodeFile& file, NodeId node);
  void note_indexes(const EncodeFile& file, const std::string& name);
  Result<void> end_dataset();
  Result<void> link_indexes();

  TreeBuilder& tree_;
  const Settings settings_;
  EncodeViews views_;
  EncodeTotals totals_;
  NodeId files_table_ = 0;
  NodeId unavailable_table_ = 0;
  ExternalSort by_dataset_;
  std::optional<EncodeDataset> dataset_;
  std::string line_;  // kept for its memory, as is the next
  std::string packed_;
};

// The directory of files/ that a file stands in: "files/635" for ENCFF635JIA.
[[nodiscard]] std::string encode_shard(std::string_view id);

}  // namespace omicsfs
