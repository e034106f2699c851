// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_search.h"

namespace omicsfs {
namespace {

constexpr std::string_view kSearchKeys[] = {
    "accession",
    "dataset",
    "status",
    "href",
    "file_size",
    "md5sum",
    "date_created",
    "cloud_metadata.url",
    "s3_uri",
    "azure_uri",
    "restricted",
    "no_file_available",
    "file_format",
    "file_format_type",
    "file_type",
    "output_type",
    "output_category",
    "assembly",
    "genome_annotation",
    "assay_term_name",
    "assay_title",
    "target.label",
    "target.name",
    "biosample_ontology.term_name",
    "biosample_ontology.term_id",
    "biosample_ontology.classification",
    "biosample_ontology.organ_slims",
    "biosample_ontology.cell_slims",
    "biosample_ontology.developmental_slims",
    "biosample_ontology.system_slims",
    "simple_biosample_summary",
    "replicate.experiment.assay_slims",
    "replicate.experiment.life_stage_age",
    "replicate.library.biosample.organism.scientific_name",
    "donors",
    "biological_replicates",
    "technical_replicates",
    "index_of",
    "derived_from",
    "origin_batches",
    "paired_with",
    "paired_end",
    "controlled_by",
    "platform.term_name",
    "read_count",
    "read_length",
    "read_length_units",
    "run_type",
    "mapped_read_length",
    "mapped_run_type",
    "step_run.analysis_step_version",
    "analysis_step_version.software_versions.software.name",
    "analysis_step_version.software_versions.version",
    "preferred_default",
    "award.rfa",
    "award.project",
    "lab.title",
    "dbxrefs",
};

}  // namespace

std::span<const std::string_view> encode_search_keys() { return kSearchKeys; }

std::string encode_search_url(std::string_view portal, bool archived) {
  std::string url(portal);
  url += "search/?type=File&status=released";
  url += archived ? "&status=archived" : "";
  url += "&format=json&limit=all";
  for (const std::string_view key : kSearchKeys) {
    url.append("&field=").append(key);
  }
  return url;
}

}  // namespace omicsfs
