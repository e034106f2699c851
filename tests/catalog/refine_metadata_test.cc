// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_metadata.h"

#include <gtest/gtest.h>

#include <cstring>

#include "catalog/sources/refine_download.h"
#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

constexpr char kDocument[] = R"({
    "aggregate_by": "EXPERIMENT",
    "created_at": "2024-09-19T14:14:41",
    "experiments": {
        "SRP1": {"accession_code": "SRP1", "title": "One", "technology": "RNA-SEQ",
                 "organisms": ["HOMO_SAPIENS", "MUS_MUSCULUS"], "pubmed_id": "",
                 "protocol_description": [{"x": {"title": "not this"}}],
                 "sample_accession_codes": ["SRR1", "SRR2"],
                 "source_first_published": "2018-10-10T00:00:00",
                 "submitter_institution": "NINDS"},
        "SRP2": {"title": "Two"}
    },
    "ks_statistic": null, "num_samples": 2, "quant_sf_only": false,
    "quantile_normalized": true,
    "samples": {
        "SRR1": {"refinebio_age": 46.000, "refinebio_annotations": [],
                 "refinebio_sex": "female", "refinebio_race": ""},
        "SRR2": {"refinebio_processed": true}
    },
    "scale_by": "NONE"
})";

TEST(RefineMetadata, IsReadByKeyAndSampleBySample) {
  TextPieces pieces(kDocument);
  std::vector<std::pair<std::string, SampleFields>> samples;
  const auto read = read_refine_metadata(
      pieces.reader(), [&](const std::string& name, const SampleFields& all) {
        samples.emplace_back(name, all);
        return Result<void>();
      });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->aggregate_by, "EXPERIMENT");
  EXPECT_EQ(read->scale_by, "NONE");
  EXPECT_EQ(read->created_at, "2024-09-19T14:14:41");
  EXPECT_EQ(read->quantile_normalized, "true");
  EXPECT_FALSE(read->quant_sf_only);
  EXPECT_FALSE(read->is_compendium());
  EXPECT_EQ(read->samples, 2U);
  ASSERT_EQ(read->experiments.size(), 2U);
  const RefineExperiment& one = read->experiments.at("SRP1");
  EXPECT_EQ(one.title, "One");
  EXPECT_EQ(one.organisms,
            (std::vector<std::string>{"HOMO_SAPIENS", "MUS_MUSCULUS"}));
  EXPECT_EQ(one.samples, (std::vector<std::string>{"SRR1", "SRR2"}));
  EXPECT_EQ(one.institution, "NINDS");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].first, "SRR1");
  EXPECT_EQ(samples[0].second, (SampleFields{{"refinebio_age", "46.000"},
                                             {"refinebio_sex", "female"}}));
  EXPECT_EQ(samples[1].second, (SampleFields{{"refinebio_processed", "true"}}));
}

TEST(RefineMetadata, AVersionMakesItACompendium) {
  TextPieces pieces(R"({"compendium_version": 2, "quant_sf_only": true})");
  const auto read = read_refine_metadata(pieces.reader(), {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->compendium_version, 2U);
  EXPECT_TRUE(read->quant_sf_only);
}

TEST(RefineMetadata, AVersionThatIsNoNumberIsInvalid) {
  for (const char* version : {"\"2\"", "-1", "1.5", "null"}) {
    TextPieces pieces(std::string(R"({"compendium_version": )") + version +
                      "}");
    const auto read = read_refine_metadata(pieces.reader(), {});
    ASSERT_FALSE(read) << version;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

TEST(RefineMetadata, WhoTakesSamplesMayEndIt) {
  TextPieces pieces(kDocument);
  const auto read = read_refine_metadata(
      pieces.reader(), [](const std::string&, const SampleFields&) {
        return Result<void>(Error{ErrorCode::kNoSpace, "full"});
      });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNoSpace);
}

TEST(FilterReasons, AreCountedByExperiment) {
  TextPieces pieces(R"({
    "SRR1": {"experiment_accession_code": "SRP1", "reason": "too few"},
    "SRR2": {"reason": "too few", "experiment_accession_code": "SRP1"},
    "SRR3": {"reason": "no file", "experiment_accession_code": "SRP1"},
    "SRR4": {"refinebio_sex": "male"}})");
  const auto reasons = read_filter_reasons(pieces.reader());
  ASSERT_TRUE(reasons);
  EXPECT_EQ(*reasons,
            (FilterReasons{{"SRP1", {{"too few", 2}, {"no file", 1}}}}));
}

TEST(RefineTime, IsUtcOrNone) {
  EXPECT_EQ(parse_refine_time("2024-09-19T14:14:41"), 1726755281);
  EXPECT_EQ(parse_refine_time("2024-09-19T14:14:41.123"), 1726755281);
  EXPECT_EQ(parse_refine_time(""), std::nullopt);
  EXPECT_EQ(parse_refine_time("yesterday"), std::nullopt);
  EXPECT_EQ(parse_refine_time("2024-09-19"), std::nullopt);
}

TEST(OrganismInName, IsThatOfACompendium) {
  EXPECT_EQ(organism_in_name("HOMO_SAPIENS_1_1574170428.zip"), "HOMO_SAPIENS");
  EXPECT_EQ(organism_in_name("DANIO_RERIO_2_1574170428"), "DANIO_RERIO");
  EXPECT_EQ(organism_in_name("DANIO_RERIO_rnaseq_compendia.zip"), "");
  EXPECT_EQ(organism_in_name("1_2.zip"), "");
  EXPECT_EQ(organism_in_name(""), "");
  EXPECT_EQ(organism_in_name("SRP164913.zip"), "");
}

}  // namespace
}  // namespace omicsfs
