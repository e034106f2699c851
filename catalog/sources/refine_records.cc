// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_records.h"

#include <string_view>
#include <unordered_map>
#include <utility>

namespace omicsfs {
namespace {

constexpr std::string_view kPrefix = "refinebio_";

void add_field(SnapshotRecord& record, std::string name,
               const std::string& value) {
  if (!value.empty()) {
    record.fields.push_back({std::move(name), value});
  }
}

SnapshotRecord experiment_record(const std::string& accession,
                                 const RefineExperiment& experiment,
                                 const std::string& path) {
  SnapshotRecord record{"experiment", accession, path, {}};
  add_field(record, "title", experiment.title);
  add_field(record, "technology", experiment.technology);
  for (const std::string& organism : experiment.organisms) {
    add_field(record, "organism", organism);
  }
  add_field(record, "institution", experiment.institution);
  add_field(record, "published", experiment.published);
  add_field(record, "pubmed_id", experiment.pubmed_id);
  return record;
}

// Adds the records of one download.
class RecordAdder {
 public:
  RecordAdder(TreeBuilder& tree, const RefineDownload& download,
              const std::string& directory)
      : tree_(tree),
        metadata_(download.metadata),
        directory_(directory),
        // Directories of experiments are there by experiment only.
        by_experiment_(metadata_.aggregate_by == "EXPERIMENT" ||
                       metadata_.quant_sf_only) {}

  Result<void> add_experiments() {
    for (const auto& [accession, experiment] : metadata_.experiments) {
      auto added = tree_.add_record(
          experiment_record(accession, experiment, path_of(accession)));
      if (!added) {
        return added;
      }
      for (const std::string& sample : experiment.samples) {
        experiment_of_.emplace(sample, &accession);
      }
    }
    return {};
  }

  Result<void> add_sample(const std::string& accession,
                          const SampleFields& fields) {
    SnapshotRecord record{"sample", accession, directory_, {}};
    const auto experiment = experiment_of_.find(accession);
    if (experiment != experiment_of_.end()) {
      const std::string& name = *experiment->second;
      record.path = path_of(name);
      add_field(record, "experiment", name);
      add_field(record, "technology",
                metadata_.experiments.at(name).technology);
    }
    for (const auto& [name, value] : fields) {
      if (name.starts_with(kPrefix)) {
        add_field(record, name.substr(kPrefix.size()), value);
      }
    }
    return tree_.add_record(record);
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& experiment) const {
    return by_experiment_ ? directory_ + "/" + experiment : directory_;
  }

  TreeBuilder& tree_;
  const RefineMetadata& metadata_;
  const std::string& directory_;
  const bool by_experiment_;
  std::unordered_map<std::string_view, const std::string*> experiment_of_;
};

}  // namespace

Result<void> add_refine_records(TreeBuilder& tree,
                                const RefineDownload& download,
                                const std::string& directory,
                                const ArchiveAccess& archives) {
  RecordAdder adder(tree, download, directory);
  if (auto added = adder.add_experiments(); !added) {
    return added;
  }
  return read_refine_samples(
      download, archives,
      [&adder](const std::string& accession, const SampleFields& fields) {
        return adder.add_sample(accession, fields);
      });
}

}  // namespace omicsfs
