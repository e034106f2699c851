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

#include "catalog/json_stream.h"
#include "catalog/result.h"

// The JSON documents within a refine.bio download.

namespace omicsfs {

struct RefineExperiment {
  std::string title;
  std::string technology;   // "RNA-SEQ", "MICROARRAY"
  std::string institution;  // that submitted it
  std::string published;    // "YYYY-MM-DDTHH:MM:SS", or ""
  std::string pubmed_id;
  std::vector<std::string> organisms;
  std::vector<std::string> samples;  // accessions
};

// aggregated_metadata.json, but for its samples.
struct RefineMetadata {
  std::string aggregate_by;  // "EXPERIMENT", "SPECIES", "ALL"; "" where unsaid
  std::string scale_by;
  std::string created_at;           // "YYYY-MM-DDTHH:MM:SS", UTC
  std::string quantile_normalized;  // "true", "false", or ""
  bool quant_sf_only = false;
  std::optional<std::uint64_t> compendium_version;
  std::uint64_t samples = 0;                            // as stated
  std::map<std::string, RefineExperiment> experiments;  // by accession

  [[nodiscard]] bool is_compendium() const {
    return compendium_version.has_value();
  }
};

// A sample's fields that have a value, such as {"refinebio_sex", "female"}.
using SampleFields = std::vector<std::pair<std::string, std::string>>;
using OnSample = std::function<Result<void>(const std::string& accession,
                                            const SampleFields& fields)>;

// Reads aggregated_metadata.json, of whatever length; each sample goes to
// `on_sample`, which may be empty. Errors: those of stream_json and of
// `on_sample`; kInvalid where a version or a count is no number.
Result<RefineMetadata> read_refine_metadata(const ReadPiece& read,
                                            const OnSample& on_sample);

// Why samples were left out of an experiment's matrix: from
// filtered_samples_metadata.json, by experiment, each reason once with how many
// samples it was given for. Errors: those of stream_json.
using FilterReasons =
    std::map<std::string, std::map<std::string, std::uint64_t>>;
Result<FilterReasons> read_filter_reasons(const ReadPiece& read);

// Seconds since the epoch of "YYYY-MM-DDTHH:MM:SS", UTC; none for other texts.
[[nodiscard]] std::optional<std::int64_t> parse_refine_time(
    std::string_view text);

}  // namespace omicsfs
