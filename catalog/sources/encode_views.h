// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "catalog/result.h"
#include "catalog/sources/encode_fields.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

// Names of directories for the values of a field: each value keeps the name
// that it got first, and no two have one name. Pure.
class EncodeTermNames {
 public:
  // The name; what two values would share is told apart by "~2", "~3", ….
  const std::string& name(EncodeField field, std::string_view value);
  // How many names were tried until now: at most one in two was taken.
  [[nodiscard]] std::uint64_t tries() const { return tries_; }

 private:
  std::map<std::pair<EncodeField, std::string>, std::string> names_;
  std::set<std::pair<EncodeField, std::string>> taken_;
  // By plain name, the last number that was tried behind it.
  std::map<std::pair<EncodeField, std::string>, std::uint64_t> further_;
  std::uint64_t tries_ = 0;
};

// What a dataset is found by: the values that its files have.
struct EncodeFacets {
  std::set<std::string> assays;
  std::set<std::string> targets;
  std::set<std::string> biosamples;

  void add(const EncodeFile& file);
};

// The directories by-assay, by-biosample, by-target and by-format: links to
// datasets and files by what they are. A directory that stands for a value has
// the value itself as the attribute encode.<field>. Errors: those of the tree.
class EncodeViews {
 public:
  explicit EncodeViews(TreeBuilder& tree) : tree_(tree) {}

  // A link for each assay, target and biosample of a dataset, which has an
  // assay, to the directory at `dataset`.
  Result<void> add_dataset(const EncodeFacets& facets,
                           const std::string& dataset);
  // A link to the file at `path`, by its format.
  Result<void> add_file(const EncodeFile& file, const std::string& path);

  [[nodiscard]] bool has_assays() const { return has_assays_; }

 private:
  struct Level {  // of directories: one for each value
    EncodeField field;
    const std::set<std::string>* values;
  };
  Result<void> add_under(const std::string& root, std::span<const Level> levels,
                         const std::string& dataset);
  // A value's directory below `parent`, which is made and described where it is
  // new.
  Result<std::string> directory(const std::string& parent, EncodeField field,
                                std::string_view value);
  Result<void> link(const std::string& directory, const std::string& target);

  TreeBuilder& tree_;
  EncodeTermNames names_;
  std::set<std::string> described_;
  // The directory of files, by format, assembly and output type.
  std::unordered_map<std::string, std::string> by_format_;
  bool has_assays_ = false;
};

}  // namespace omicsfs
