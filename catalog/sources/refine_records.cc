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
    record.fields.emplace_back(std::move(name), value);
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

}  // namespace

Result<void> add_refine_records(TreeBuilder& tree,
                                const RefineDownload& download,
                                const std::string& directory,
                                const ArchiveAccess& archives) {
  // Directories of experiments are there by experiment only.
  const bool by_experiment = download.metadata.aggregate_by == "EXPERIMENT" ||
                             download.metadata.quant_sf_only;
  std::unordered_map<std::string_view, const std::string*> experiment_of;
  const auto& experiments = download.metadata.experiments;
  for (const auto& [accession, experiment] : experiments) {
    const auto added = tree.add_record(experiment_record(
        accession, experiment,
        by_experiment ? directory + "/" + accession : directory));
    if (!added) {
      return added;
    }
    for (const std::string& sample : experiment.samples) {
      experiment_of.emplace(sample, &accession);
    }
  }
  return read_refine_samples(
      download, archives,
      [&](const std::string& accession, const SampleFields& fields) {
        SnapshotRecord record{"sample", accession, directory, {}};
        const auto experiment = experiment_of.find(accession);
        if (experiment != experiment_of.end()) {
          const std::string& name = *experiment->second;
          if (by_experiment) {
            record.path += "/" + name;
          }
          add_field(record, "experiment", name);
          add_field(record, "technology", experiments.at(name).technology);
        }
        for (const auto& [name, value] : fields) {
          if (name.starts_with(kPrefix)) {
            add_field(record, name.substr(kPrefix.size()), value);
          }
        }
        return tree.add_record(record);
      });
}

}  // namespace omicsfs
