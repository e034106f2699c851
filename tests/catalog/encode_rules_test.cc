// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "catalog/sources/encode_search.h"

namespace omicsfs {
namespace {

using Items = std::vector<std::string_view>;

using Field = EncodeField;
using Values = std::vector<std::pair<Field, std::string>>;

constexpr std::string_view kPortal = "https://www.encodeproject.org/";

EncodeFile file_of(const Values& values) {
  EncodeFile file;
  for (const auto& [field, value] : values) {
    file.set(field, value);
  }
  return file;
}

// The field's value once the file is complete, or the error.
std::string completed(const Values& values, Field field) {
  EncodeFile file = file_of(values);
  const auto done = complete_encode_file(file, kPortal);
  return done ? std::string(file.get(field)) : "error: " + done.error().message;
}

TEST(EncodeRules, TheIdComesFromWhateverTellsIt) {
  const std::string url =
      "https://encode-public.s3.amazonaws.com/2020/01/02/u/SRR2173350.fastq.gz";
  const Values files[] = {
      {{Field::kId, "/files/ENCFF635JIA/"}, {Field::kFileFormat, "bed"}},
      {{Field::kId, "ENCFF635JIA"}, {Field::kFileFormat, "bed"}},
      {{Field::kAccession, "ENCFF635JIA"}, {Field::kFileFormat, "bed"}},
      {{Field::kHref, "/files/ENCFF635JIA/@@download/ENCFF635JIA.bed.gz"}},
  };
  for (const Values& values : files) {
    EXPECT_EQ(completed(values, Field::kId), "ENCFF635JIA");
    EXPECT_EQ(completed(values, Field::kAccession), "ENCFF635JIA");
    EXPECT_EQ(completed(values, Field::kHref),
              "/files/ENCFF635JIA/@@download/ENCFF635JIA.bed.gz");
  }
  const Values external = {{Field::kCloudUrl, url},
                           {Field::kFileFormat, "fastq"}};
  EXPECT_EQ(completed(external, Field::kId), "SRR2173350");
  EXPECT_EQ(completed(external, Field::kAccession), "");
  EXPECT_EQ(completed(external, Field::kDownloadLink),
            "https://www.encodeproject.org/files/SRR2173350/@@download/"
            "SRR2173350.fastq.gz");
}

TEST(EncodeRules, WhatCannotBeAFileIsRefused) {
  const Values bad[] = {
      {},
      {{Field::kId, "/files/../"}},
      {{Field::kId, "/files/a/b/"}},
      {{Field::kId, "ENCFF1"}, {Field::kHref, "/etc/passwd"}},
      {{Field::kId, "ENCFF1"}, {Field::kHref, "/files/ENCFF1/@@download/.."}},
      {{Field::kId, "ENCFF1"}, {Field::kFileSize, "-1"}},
      {{Field::kId, "ENCFF1"}, {Field::kFileSize, "1.5"}},
      {{Field::kId, "ENCFF1"}, {Field::kFileSize, "9223372036854775808"}},
      {{Field::kId, "ENCFF1"}, {Field::kMd5sum, "abc"}},
      {{Field::kId, "ENCFF1"}, {Field::kDataset, "/experiments/"}},
      {{Field::kId, "ENCFF1"}, {Field::kDataset, "/experiments/../"}},
      {{Field::kId, "ENCFF1"}, {Field::kCloudUrl, "file:///etc/passwd"}},
      {{Field::kId, "ENCFF1"}, {Field::kS3Uri, "s3://bucket"}},
  };
  for (const Values& values : bad) {
    EncodeFile file = file_of(values);
    file.set(Field::kFileFormat, "bam");
    const auto done = complete_encode_file(file, kPortal);
    ASSERT_FALSE(done) << (values.empty() ? "" : values.back().second);
    EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  }
}

TEST(EncodeRules, ValuesFollowFromOthers) {
  const Values values = {{Field::kId, "/files/ENCFF1/"},
                         {Field::kFileFormat, "bed"},
                         {Field::kFileFormatType, "narrowPeak"},
                         {Field::kDataset, "/experiments/ENCSR1/"},
                         {Field::kTargetName, "EBF1-human"},
                         {Field::kFileSize, "1572864"},
                         {Field::kMd5sum, "2A41C04233D7BA1CAC7B73B912161D50"},
                         {Field::kS3Uri, "s3://encode-public/2021/a b.bed.gz"}};
  EXPECT_EQ(completed(values, Field::kFileType), "bed narrowPeak");
  EXPECT_EQ(completed(values, Field::kExperiments), "ENCSR1");
  EXPECT_EQ(completed(values, Field::kTarget), "EBF1");
  EXPECT_EQ(completed(values, Field::kFileSizeMb), "2");  // of 1.5, as Python
  EXPECT_EQ(completed(values, Field::kMd5sum),
            "2a41c04233d7ba1cac7b73b912161d50");
  EXPECT_EQ(completed(values, Field::kCloudUrl),
            "https://encode-public.s3.amazonaws.com/2021/a%20b.bed.gz");
  EXPECT_EQ(completed(values, Field::kStatus), "released");
  EXPECT_EQ(encode_dataset_path(file_of(values)), "experiments/ENCSR1");
}

TEST(EncodeRules, AnS3UriLeadsToTheEndpointOfTheSettings) {
  EncodeFile file = file_of({{Field::kId, "ENCFF1"},
                             {Field::kFileFormat, "bed"},
                             {Field::kS3Uri, "s3://encode-public/a/b.bed.gz"}});
  const Endpoints mirror{"http://mirror:9000/", ""};
  ASSERT_TRUE(complete_encode_file(file, kPortal, mirror));
  EXPECT_EQ(file.get(Field::kCloudUrl),
            "http://mirror:9000/encode-public/a/b.bed.gz");
}

TEST(EncodeRules, AFileTypeTellsItsFormat) {
  const Values bed = {{Field::kId, "ENCFF1"}, {Field::kFileType, "bed bed3+"}};
  EXPECT_EQ(completed(bed, Field::kFileFormat), "bed");
  EXPECT_EQ(completed(bed, Field::kFileFormatType), "bed3+");
  const Values bam = {{Field::kId, "ENCFF1"}, {Field::kFileType, "bam"}};
  EXPECT_EQ(completed(bam, Field::kFileFormat), "bam");
  EXPECT_EQ(completed(bam, Field::kFileFormatType), "");
}

TEST(EncodeSearch, EachKeyIsReadIntoAField) {
  for (const std::string_view key : encode_search_keys()) {
    const bool of_software =
        key.starts_with("analysis_step_version.software_versions.");
    EXPECT_TRUE(of_software || encode_field_of_key(key)) << key;
  }
}

TEST(EncodeSearch, ItsKeysTellEveryColumnOfTheTable) {
  // These follow from others.
  std::set<Field> told = {Field::kId, Field::kExperiments, Field::kSoftware,
                          Field::kDownloadLink, Field::kFileSizeMb};
  for (const std::string_view key : encode_search_keys()) {
    if (const auto field = encode_field_of_key(key)) {
      told.insert(*field);
    }
  }
  for (const EncodeColumn& column :
       encode_columns().first<kEncodeTableColumns>()) {
    EXPECT_TRUE(told.contains(column.field)) << column.name;
  }
}

TEST(EncodeSearch, AsksForArchivedFilesOnlyWhereTheyAreWanted) {
  const std::string url = encode_search_url("https://p/", false);
  EXPECT_TRUE(url.starts_with("https://p/search/?type=File&status=released&"));
  EXPECT_NE(url.find("&limit=all&"), std::string::npos);
  EXPECT_EQ(url.find("archived"), std::string::npos);
  EXPECT_NE(encode_search_url("https://p/", true).find("&status=archived&"),
            std::string::npos);
}

TEST(EncodeRules, WhoIsShown) {
  struct Case {
    const char* status;
    const char* dataset;
    bool archived;
    EncodeVerdict verdict;
  };
  constexpr auto kShown = EncodeVerdict::kShown;
  constexpr auto kPassedOver = EncodeVerdict::kPassedOver;
  const Case cases[] = {
      {"released", "/experiments/E/", false, kShown},
      {"archived", "/experiments/E/", false, kPassedOver},
      {"archived", "/experiments/E/", true, kShown},
      {"in progress", "/experiments/E/", true, kPassedOver},
      {"revoked", "/experiments/E/", true, kPassedOver},
      {"deleted", "/experiments/E/", true, kPassedOver},
      {"replaced", "/experiments/E/", true, kPassedOver},
      {"released", "/annotations/E/", false, kPassedOver},
      {"released", "/references/E/", false, kShown},
  };
  for (const Case& one : cases) {
    const EncodeFile file = file_of({{Field::kStatus, one.status},
                                     {Field::kDataset, one.dataset},
                                     {Field::kHref, "/files/F/@@download/F"},
                                     {Field::kFileSize, "1"}});
    EXPECT_EQ(
        judge_encode_file(file, {one.archived, {"experiments", "references"}}),
        one.verdict)
        << one.status << one.dataset;
  }
}

TEST(EncodeRules, WhyThereAreNoBytes) {
  const EncodeChoice choice{false, {"experiments"}};
  const std::pair<Values, std::string_view> cases[] = {
      {{{Field::kRestricted, "true"}, {Field::kFileSize, "1"}},
       "restricted: not for the public"},
      {{{Field::kNoFileAvailable, "true"}, {Field::kFileSize, "1"}},
       "no file available"},
      {{}, "no size is published"},
      {{{Field::kRestricted, "false"}, {Field::kFileSize, "1"}}, ""},
  };
  EXPECT_EQ(encode_unavailable_reason(file_of({{Field::kFileSize, "1"}})),
            "nothing tells its name");
  for (const auto& [values, reason] : cases) {
    EncodeFile file = file_of(values);
    file.set(Field::kHref, "/files/F/@@download/F");
    file.set(Field::kStatus, "released");
    file.set(Field::kDataset, "/experiments/E/");
    EXPECT_EQ(encode_unavailable_reason(file), reason);
    EXPECT_EQ(
        judge_encode_file(file, choice),
        reason.empty() ? EncodeVerdict::kShown : EncodeVerdict::kUnavailable);
  }
}

TEST(EncodeRules, TermsAsNames) {
  EXPECT_EQ(encode_term_name("Histone ChIP-seq"), "Histone_ChIP-seq");
  EXPECT_EQ(
      encode_term_name("naive thymus-derived CD4-positive, alpha-beta T cell"),
      "naive_thymus-derived_CD4-positive_alpha-beta_T_cell");
  EXPECT_EQ(encode_term_name("a/b\tc\"d'"), "a_b_c_d");
  EXPECT_EQ(encode_term_name("  x  "), "x");
  EXPECT_EQ(encode_term_name("Ca\xCC\xA7"), "Ca\xCC\xA7");
  EXPECT_EQ(encode_term_name(""), "unnamed");
  EXPECT_EQ(encode_term_name("/"), "unnamed");
  EXPECT_EQ(encode_term_name(".."), "%2E%2E");
}

TEST(EncodeRules, Lists) {
  EXPECT_EQ(encode_list(Items{}, EncodeShape::kList), "[]");
  EXPECT_EQ(encode_list(Items{"a", "b\"c"}, EncodeShape::kList),
            R"(["a", "b\"c"])");
  EXPECT_EQ(encode_list(Items{"1", "20"}, EncodeShape::kNumbers), "[1, 20]");
  EXPECT_EQ(encode_list(Items{"1", "x"}, EncodeShape::kNumbers),
            R"(["1", "x"])");
  EXPECT_EQ(encode_list(Items{"01"}, EncodeShape::kNumbers), R"(["01"])");
}

TEST(EncodeRules, SuffixesOfIndexes) {
  EXPECT_EQ(encode_index_suffix("ENCFF1.bam"), ".bai");
  EXPECT_EQ(encode_index_suffix("ENCFF1.vcf.gz"), ".tbi");
  EXPECT_EQ(encode_index_suffix("ENCFF1.bed.gz"), ".tbi");
  EXPECT_EQ(encode_index_suffix("ENCFF1.fasta.gz"), ".fai");
  EXPECT_EQ(encode_index_suffix("ENCFF1.bigWig"), "");
}

TEST(EncodeFields, ARowComesBackAsItWasPacked) {
  EncodeFile file = file_of({{Field::kId, "ENCFF1"},
                             {Field::kSimpleBiosampleSummary, ""},
                             {Field::kAuditError, std::string(300, 'x')}});
  std::string bytes;
  file.pack(bytes);
  EncodeFile other = file_of({{Field::kLab, "of before"}});
  other.unpack(bytes);
  for (const EncodeColumn& column : encode_columns()) {
    EXPECT_EQ(other.has(column.field), file.has(column.field));
    EXPECT_EQ(other.get(column.field), file.get(column.field));
  }
}

TEST(EncodeFields, WhatIsLackingComesFromAnother) {
  EncodeFile file = file_of({{Field::kId, "one"}});
  file.fill_from(file_of({{Field::kId, "two"}, {Field::kTarget, "CTCF"}}));
  EXPECT_EQ(file.get(Field::kId), "one");
  EXPECT_EQ(file.get(Field::kTarget), "CTCF");
}

TEST(EncodeFields, TheTableHas47ColumnsAndThePortals59) {
  EXPECT_EQ(kEncodeTableColumns, 47U);
  EXPECT_EQ(encode_column(Field::kSoftware).name, "software");
  EXPECT_EQ(static_cast<std::size_t>(Field::kSoftware) + 1,
            kEncodeTableColumns);
  EXPECT_EQ(encode_portal_columns().size(), 59U);
  // The two that the portal crosses.
  EXPECT_EQ(encode_field_of_portal_column("File format"), Field::kFileType);
  EXPECT_EQ(encode_field_of_portal_column("File type"), Field::kFileFormat);
}

}  // namespace
}  // namespace omicsfs
