// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_catalogue.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

// All that a catalogue's reading told.
struct Told {
  std::vector<EncodeFile> files;
  std::vector<std::string> places;
  std::vector<std::string> bad;  // "line 3: why"
  std::vector<std::string> links;
  std::string error;

  [[nodiscard]] std::string get(std::size_t index, Field field) const {
    return index < files.size() ? std::string(files[index].get(field))
                                : "no such file";
  }
};

Told told_by(const std::string& text, std::size_t piece = 1000) {
  TextPieces pieces(text, piece);
  Told told;
  const EncodeRows rows{
      [&](EncodeFile& file, const std::string& place) -> Result<void> {
        told.files.push_back(file);
        told.places.push_back(place);
        return {};
      },
      [&](const std::string& place, const std::string& why) {
        told.bad.push_back(place + ": " + why);
      },
      [&](const std::string& url) { told.links.push_back(url); }};
  const auto done = read_encode_catalogue(pieces.reader(), rows);
  told.error = done ? "" : done.error().message;
  return told;
}

constexpr char kFileObject[] = R"({
  "@id": "/files/ENCFF1/", "@type": ["File", "Item"], "accession": "ENCFF1",
  "status": "released", "dataset": "/experiments/ENCSR1/",
  "target": {"label": "CTCF", "name": "CTCF-human"},
  "biosample_ontology": {"term_name": "K562", "organ_slims": ["blood", "bodily fluid"],
                         "cell_slims": []},
  "replicate": {"experiment": {"assay_slims": ["DNA binding"], "life_stage_age": "adult"}},
  "lab": {"title": "A, B"}, "file_size": 20, "preferred_default": true,
  "biological_replicates": [1, 2], "technical_replicates": ["1_1"],
  "platform": null, "step_run": {"analysis_step_version": "/analysis-step-versions/s-v-1/"},
  "analysis_step_version": {"software_versions": [
    {"version": "1.14", "software": {"name": "samtools", "versions": ["/x/"]}},
    {"software": {"name": "3d-dna"}, "version": "6302"}]},
  "cloud_metadata": {"url": "https://h/a.bam"}, "href": "/files/ENCFF1/@@download/ENCFF1.bam"
})";

void expect_file_object(const Told& told) {
  EXPECT_EQ(told.error, "");
  ASSERT_EQ(told.files.size(), 2U);
  const std::pair<Field, const char*> expected[] = {
      {Field::kId, "/files/ENCFF1/"},
      {Field::kTarget, "CTCF"},
      {Field::kBiosample, "K562"},
      {Field::kOrganSlims, R"(["blood", "bodily fluid"])"},
      {Field::kCellSlims, "[]"},
      {Field::kAssaySlims, R"(["DNA binding"])"},
      {Field::kLifeStageAge, "adult"},
      {Field::kLab, "A, B"},
      {Field::kFileSize, "20"},
      {Field::kPreferredDefault, "true"},
      {Field::kBiologicalReplicates, "[1, 2]"},
      {Field::kTechnicalReplicates, R"(["1_1"])"},
      {Field::kStepRun, "s-v-1"},
      {Field::kSoftware, R"(["samtools:1.14", "3d-dna:6302"])"},
      {Field::kCloudUrl, "https://h/a.bam"},
  };
  for (const auto& [field, value] : expected) {
    EXPECT_EQ(told.get(0, field), value) << encode_column(field).name;
  }
  EXPECT_FALSE(told.files[0].has(Field::kPlatform));
  EXPECT_FALSE(told.files[0].has(Field::kDonors));
  // Nothing of one file stays for the next.
  EXPECT_EQ(told.get(1, Field::kId), "/files/ENCFF2/");
  EXPECT_FALSE(told.files[1].has(Field::kSoftware));
  EXPECT_FALSE(told.files[1].has(Field::kTarget));
  EXPECT_EQ(told.places, (std::vector<std::string>{"file 1", "file 2"}));
}

TEST(EncodeCatalogue, AnArrayOfFileObjects) {
  for (const std::size_t piece : {7U, 10000U}) {
    expect_file_object(told_by(
        "\n [" + std::string(kFileObject) + R"(, {"@id": "/files/ENCFF2/"}])",
        piece));
  }
}

TEST(EncodeCatalogue, TheAnswerOfASearch) {
  expect_file_object(told_by(
      R"({"@type": ["Search"], "total": 2, "facets": [{"field": "accession"}],
          "columns": {"accession": {"title": "A"}}, "@graph": [)" +
      std::string(kFileObject) +
      R"(, {"@id": "/files/ENCFF2/"}], "x": {"y": 1}})"));
}

TEST(EncodeCatalogue, ASearchThatFoundNothing) {
  EXPECT_NE(told_by(R"({"total": 762008, "@graph": [{"accession": "E"}]})")
                .error.find("1 of the 762008 files"),
            std::string::npos);
  const Told told = told_by(R"({"total": 0, "@graph": []})");
  EXPECT_EQ(told.error, "");
  EXPECT_TRUE(told.files.empty());
}

TEST(EncodeCatalogue, TheListOfTheBucket) {
  const Told told = told_by(
      "accession\tstatus\tfile_format\taward.rfa\tcloud_metadata.url\tdataset\t"
      "lab.@id\tfile_size\tmd5sum\treplicate_libraries\n"
      "ENCFF1\treleased\tvcf\tcommunity\thttps://h/ENCFF1.vcf.gz\t"
      "/experiments/ENCSR1/\t/labs/l/\t504017\tabc\t\"[\"\"/libraries/L/"
      "\"\"]\"\n"
      "\treleased\tfastq\tENCODE3\thttps://h/SRR1.fastq.gz\t\t\t7\t\t"
      "['/libraries/L/', '/libraries/M/']\n"
      "\t\t\t\t\t\t\t\t\t\n");
  EXPECT_EQ(told.error, "");
  EXPECT_TRUE(told.bad.empty());
  ASSERT_EQ(told.files.size(), 2U);
  EXPECT_EQ(told.get(0, Field::kAccession), "ENCFF1");
  EXPECT_EQ(told.get(0, Field::kRfa), "community");
  EXPECT_EQ(told.get(0, Field::kLabId), "/labs/l/");
  EXPECT_EQ(told.get(0, Field::kReplicateLibraries), R"(["/libraries/L/"])");
  EXPECT_EQ(told.get(1, Field::kReplicateLibraries),
            R"(["/libraries/L/", "/libraries/M/"])");
  EXPECT_FALSE(told.files[1].has(Field::kAccession));
  EXPECT_EQ(told.places[1], "line 3");
}

constexpr char kMetadata[] =
    "File accession\tFile format\tFile type\tFile format type\tOutput type\t"
    "Experiment accession\tDonor(s)\tExperiment target\tBiological "
    "replicate(s)\tSize\tLab\tFile download URL\n"
    "ENCFF1\tbed narrowPeak\tbed\tnarrowPeak\tpeaks\tENCSR1\t"
    "/human-donors/B/, /human-donors/A/\tEBF1-human\t2, 1\t20\tAli, UCI\t"
    "https://h/files/ENCFF1/@@download/ENCFF1.bed.gz\n";

TEST(EncodeCatalogue, ThePortalsTableWithItsCrossedNames) {
  const Told told = told_by(kMetadata);
  EXPECT_EQ(told.error, "");
  ASSERT_EQ(told.files.size(), 1U);
  EXPECT_EQ(told.get(0, Field::kFileFormat), "bed");
  EXPECT_EQ(told.get(0, Field::kFileType), "bed narrowPeak");
  EXPECT_EQ(told.get(0, Field::kDataset), "/experiments/ENCSR1/");
  // The portal joins values in no certain order.
  EXPECT_EQ(told.get(0, Field::kDonors),
            R"(["/human-donors/A/", "/human-donors/B/"])");
  EXPECT_EQ(told.get(0, Field::kBiologicalReplicates), "[1, 2]");
  EXPECT_EQ(told.get(0, Field::kLab), "Ali, UCI");
}

TEST(EncodeCatalogue, ADateLineMayStandBeforeTheHeader) {
  const Told told = told_by("2026-11-22 10:00:00\thttps://h/report.tsv?x\n" +
                            std::string(kMetadata));
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.files.size(), 1U);
}

TEST(EncodeCatalogue, ShortRowsAreBadButTheLast) {
  const std::string head = "accession\thref\tfile_size\n";
  const Told told =
      told_by(head + "ENCFF1\n" + "ENCFF2\t/f\t2\n" + "ENCFF3\t/f\t3\tmore\n" +
              "\t\t\n" + "ENCFF4\t/f\t4\n" + "ENCFF5\t/");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.files.size(), 2U);
  EXPECT_EQ(told.bad, (std::vector<std::string>{
                          "line 2: it is cut short",
                          "line 4: it has more cells than there are columns",
                          "line 5: it is cut short"}));
}

TEST(EncodeCatalogue, AListOfUrls) {
  const Told told = told_by(
      "\"https://h/metadata/?type=Experiment&accession=ENCSR1\"\n\n"
      "https://h/files/ENCFF1/@@download/ENCFF1.bam\r\n"
      "https://h/else\n"
      "https://h/files/ENCFF2/@@download/ENCFF2.bam\n");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.links,
            (std::vector<std::string>{"https://h/metadata/?type=Experiment&"
                                      "accession=ENCSR1"}));
  ASSERT_EQ(told.files.size(), 2U);
  EXPECT_EQ(told.get(0, Field::kHref), "/files/ENCFF1/@@download/ENCFF1.bam");
  EXPECT_EQ(told.bad,
            (std::vector<std::string>{"line 4: it is no url of a file"}));
}

TEST(EncodeCatalogue, ACartsLinkHasWordsForCurl) {
  const Told told = told_by(
      R"("https://h/metadata/?type=Experiment" -X GET -H "Accept: text/tsv" )"
      R"(--data '{"elements": ["/experiments/E/"]}')"
      "\nhttps://h/files/ENCFF1/@@download/ENCFF1.bam\n");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.links,
            (std::vector<std::string>{"https://h/metadata/?type=Experiment"}));
}

TEST(EncodeCatalogue, WhatIsNoneSaysSo) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {" \n\t\n", "empty"},
      {"{\"accession\": \"ENCFF1\"}", "@graph"},
      {"[{\"accession\": \"ENCFF1\"}", "not JSON"},
      {"[}", "not JSON"},
      {"hello\nworld\n", "no header line"},
      {"accession\tstatus\nENCFF1\treleased\n", "no header line"},
      {"<html><body>Too many requests</body></html>", "no header line"},
  };
  for (const auto& [text, why] : cases) {
    const Told told = told_by(text);
    EXPECT_NE(told.error.find(why), std::string::npos)
        << text << ": " << told.error;
  }
}

TEST(EncodeCatalogue, WhoTakesRowsMayEndIt) {
  TextPieces pieces(kMetadata);
  const EncodeRows rows{[](EncodeFile&, const std::string&) -> Result<void> {
                          return Error{ErrorCode::kNoSpace, "full"};
                        },
                        [](const std::string&, const std::string&) {},
                        [](const std::string&) {}};
  const auto done = read_encode_catalogue(pieces.reader(), rows);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace omicsfs
