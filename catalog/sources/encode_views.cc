// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_views.h"

#include <algorithm>
#include <array>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/sources/encode_rules.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

// What stands where there is no value.
std::string_view placeholder(Field field) {
  switch (field) {
    case Field::kTarget:
      return "no_target";
    case Field::kBiosample:
      return "no_biosample";
    case Field::kAssembly:
      return "no_assembly";
    default:
      return "unknown";
  }
}

void insert(std::set<std::string>& values, std::string_view value) {
  if (!value.empty()) {
    values.emplace(value);
  }
}

// `values`, or one "" where there are none.
std::set<std::string> or_none(std::set<std::string> values) {
  return values.empty() ? std::set<std::string>{""} : std::move(values);
}

}  // namespace

const std::string& EncodeTermNames::name(EncodeField field,
                                         std::string_view value) {
  auto key = std::pair(field, std::string(value));
  const auto known = names_.find(key);
  if (known != names_.end()) {
    return known->second;
  }
  const std::string plain =
      value.empty() ? std::string(placeholder(field)) : encode_term_name(value);
  std::string chosen = plain;
  // Numbers go on from the last one, or thousands of values of one plain name
  // would each try them all.
  std::uint64_t& further = further_[{field, plain}];
  for (++tries_; !taken_.emplace(field, chosen).second; ++tries_) {
    further = std::max<std::uint64_t>(further + 1, 2);
    chosen = plain + "~" + std::to_string(further);
  }
  return names_.emplace(std::move(key), std::move(chosen)).first->second;
}

void EncodeFacets::add(const EncodeFile& file) {
  insert(assays, file.get(Field::kAssayTitle));
  insert(targets, file.get(Field::kTarget));
  insert(biosamples, file.get(Field::kBiosample));
}

Result<std::string> EncodeViews::directory(const std::string& parent,
                                           EncodeField field,
                                           std::string_view value) {
  std::string path = parent + "/" + names_.name(field, value);
  if (value.empty() || described_.contains(path)) {
    return path;
  }
  const auto node = tree_.add_directory(path, kUndated);
  if (!node) {
    return node.error();
  }
  const std::string attribute =
      std::string("encode.").append(encode_column(field).name);
  if (auto set = tree_.set_xattr(*node, attribute, value); !set) {
    return set.error();
  }
  described_.insert(path);
  return path;
}

Result<void> EncodeViews::link(const std::string& directory,
                               const std::string& target) {
  const auto depth = static_cast<std::size_t>(
                         std::count(directory.begin(), directory.end(), '/')) +
                     1;
  std::string up;
  for (std::size_t level = 0; level < depth; ++level) {
    up += "../";
  }
  const std::string path =
      std::string(directory).append("/").append(last_entry_name(target));
  const auto node = tree_.add_symlink(path, up + target, kUndated);
  return node ? Result<void>() : node.error();
}

Result<void> EncodeViews::add_under(const std::string& root,
                                    std::span<const Level> levels,
                                    const std::string& dataset) {
  if (levels.empty()) {
    return link(root, dataset);
  }
  const Level& level = levels.front();
  for (const std::string& value : or_none(*level.values)) {
    const auto path = directory(root, level.field, value);
    auto added =
        path ? add_under(*path, levels.subspan(1), dataset) : path.error();
    if (!added) {
      return added;
    }
  }
  return {};
}

Result<void> EncodeViews::add_dataset(const EncodeFacets& facets,
                                      const std::string& dataset) {
  if (facets.assays.empty()) {
    return {};
  }
  has_assays_ = true;
  const Level assay{Field::kAssayTitle, &facets.assays};
  const Level target{Field::kTarget, &facets.targets};
  const Level biosample{Field::kBiosample, &facets.biosamples};
  Result<void> added =
      add_under("by-assay", std::array{assay, target, biosample}, dataset);
  if (added) {
    added = add_under("by-biosample", std::array{biosample, assay}, dataset);
  }
  if (added && !facets.targets.empty()) {
    added = add_under("by-target", std::array{target, assay}, dataset);
  }
  return added;
}

Result<void> EncodeViews::add_file(const EncodeFile& file,
                                   const std::string& path) {
  constexpr std::array kFields = {Field::kFileFormat, Field::kAssembly,
                                  Field::kOutputType};
  std::string values;
  for (const Field field : kFields) {
    values.append(file.get(field)).append(1, '\0');
  }
  const auto known = by_format_.find(values);
  if (known != by_format_.end()) {
    return link(known->second, path);
  }
  Result<std::string> place = std::string("by-format");
  for (const Field field : kFields) {
    place = place ? directory(*place, field, file.get(field)) : place;
  }
  if (!place) {
    return place.error();
  }
  return link(by_format_.emplace(std::move(values), *place).first->second,
              path);
}

}  // namespace omicsfs
