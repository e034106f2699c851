// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_metadata.h"

#include <charconv>
#include <ctime>

namespace omicsfs {
namespace {

Result<std::uint64_t> count_of(const JsonScalar& scalar) {
  std::uint64_t count = 0;
  const char* end = scalar.text.data() + scalar.text.size();
  const auto [stop, error] = std::from_chars(scalar.text.data(), end, count);
  if (scalar.kind != JsonScalarKind::kNumber || error != std::errc() ||
      stop != end) {
    return Error{ErrorCode::kInvalid, scalar.keys.back() + " is no count"};
  }
  return count;
}

void read_experiment(RefineExperiment& experiment, const std::string& key,
                     const JsonScalar& scalar) {
  const std::string text(scalar.text);
  if (key == "title") {
    experiment.title = text;
  } else if (key == "technology") {
    experiment.technology = text;
  } else if (key == "submitter_institution") {
    experiment.institution = text;
  } else if (key == "source_first_published") {
    experiment.published = text;
  } else if (key == "pubmed_id") {
    experiment.pubmed_id = text;
  } else if (key == "organisms") {
    experiment.organisms.push_back(text);
  } else if (key == "sample_accession_codes") {
    experiment.samples.push_back(text);
  }
}

class MetadataReader {
 public:
  explicit MetadataReader(const OnSample& on_sample) : on_sample_(on_sample) {}

  Result<void> take(const JsonScalar& scalar);
  Result<RefineMetadata> finish();

 private:
  Result<void> take_top(const JsonScalar& scalar);
  Result<void> take_sample(const JsonScalar& scalar);
  Result<void> end_sample();

  const OnSample& on_sample_;
  RefineMetadata metadata_;
  std::string sample_;
  SampleFields fields_;
};

Result<void> MetadataReader::take(const JsonScalar& scalar) {
  if (scalar.keys.size() == 1) {
    return take_top(scalar);
  }
  if (scalar.keys.size() == 3 && scalar.keys[0] == "experiments") {
    read_experiment(metadata_.experiments[scalar.keys[1]], scalar.keys[2],
                    scalar);
  } else if (scalar.keys.size() == 3 && scalar.keys[0] == "samples") {
    return take_sample(scalar);
  }
  return {};
}

Result<void> MetadataReader::take_top(const JsonScalar& scalar) {
  const std::string& key = scalar.keys[0];
  const std::string text(scalar.text);
  if (key == "aggregate_by") {
    metadata_.aggregate_by = text;
  } else if (key == "scale_by") {
    metadata_.scale_by = text;
  } else if (key == "created_at") {
    metadata_.created_at = text;
  } else if (key == "quantile_normalized") {
    metadata_.quantile_normalized = text;
  } else if (key == "quant_sf_only") {
    metadata_.quant_sf_only = text == "true";
  } else if (key == "compendium_version" || key == "num_samples") {
    const auto count = count_of(scalar);
    if (!count) {
      return count.error();
    }
    if (key == "num_samples") {
      metadata_.samples = *count;
    } else {
      metadata_.compendium_version = *count;
    }
  }
  return {};
}

Result<void> MetadataReader::take_sample(const JsonScalar& scalar) {
  if (scalar.keys[1] != sample_) {
    if (auto ended = end_sample(); !ended) {
      return ended;
    }
    sample_ = scalar.keys[1];
  }
  if (!scalar.text.empty()) {
    fields_.emplace_back(scalar.keys[2], scalar.text);
  }
  return {};
}

Result<void> MetadataReader::end_sample() {
  if (sample_.empty() || !on_sample_) {
    fields_.clear();
    return {};
  }
  auto told = on_sample_(sample_, fields_);
  fields_.clear();
  return told;
}

Result<RefineMetadata> MetadataReader::finish() {
  if (auto ended = end_sample(); !ended) {
    return ended.error();
  }
  return std::move(metadata_);
}

}  // namespace

Result<RefineMetadata> read_refine_metadata(const ReadPiece& read,
                                            const OnSample& on_sample) {
  MetadataReader reader(on_sample);
  const auto streamed = stream_json(
      read, [&](const JsonScalar& scalar) { return reader.take(scalar); });
  return streamed ? reader.finish() : streamed.error();
}

Result<FilterReasons> read_filter_reasons(const ReadPiece& read) {
  // A sample's reason and its experiment, in whatever order they come.
  std::map<std::string, std::pair<std::string, std::string>> samples;
  const auto streamed =
      stream_json(read, [&](const JsonScalar& scalar) -> Result<void> {
        if (scalar.keys.size() == 2 && scalar.keys[1] == "reason") {
          samples[scalar.keys[0]].first = scalar.text;
        } else if (scalar.keys.size() == 2 &&
                   scalar.keys[1] == "experiment_accession_code") {
          samples[scalar.keys[0]].second = scalar.text;
        }
        return {};
      });
  if (!streamed) {
    return streamed.error();
  }
  FilterReasons reasons;
  for (const auto& [accession, sample] : samples) {
    const auto& [reason, experiment] = sample;
    if (!reason.empty()) {
      ++reasons[experiment][reason];
    }
  }
  return reasons;
}

std::optional<std::int64_t> parse_refine_time(std::string_view text) {
  constexpr std::size_t kLength = 19;
  std::tm fields{};
  const std::string copy(text.substr(0, kLength));
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  return ::timegm(&fields);
}

}  // namespace omicsfs
