// SPDX-License-Identifier: MIT
#include "catalog/sources/encode.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "catalog/json_fields.h"
#include "catalog/record_finder.h"
#include "catalog/sources/encode_search.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

constexpr char kHeader[] =
    "accession\tstatus\tfile_format\tfile_format_type\toutput_type\tassembly\t"
    "dataset\tassay_title\ttarget.label\tbiosample_ontology.term_name\t"
    "file_size\tmd5sum\tdate_created\tcloud_metadata.url\tindex_of\t"
    "restricted\n";

struct Row {
  std::string accession;
  std::string format = "bam";
  std::string dataset = "/experiments/ENCSR000AAA/";
  std::string assay = "TF ChIP-seq";
  std::string target = "CTCF";
  std::string biosample = "K562";
  std::string size = "10";
  std::string status = "released";
  std::string index_of{};
  std::string restricted{};
};

std::string line_of(const Row& row) {
  const std::string url = "https://h/" + row.accession;
  std::string line;
  for (const std::string& cell :
       {row.accession, row.status, row.format, std::string(),
        std::string("alignments"), std::string("GRCh38"), row.dataset,
        row.assay, row.target, row.biosample, row.size,
        std::string("2a41c04233d7ba1cac7b73b912161d50"),
        std::string("2021-06-23T11:04:10+00:00"), url, row.index_of}) {
    line += cell;
    line += '\t';
  }
  return line + row.restricted + "\n";
}

std::string manifest(const std::vector<Row>& rows) {
  std::string text = kHeader;
  for (const Row& row : rows) {
    text += line_of(row);
  }
  return text;
}

class EncodeTest : public ::testing::Test {
 protected:
  Result<SourceSummary> refresh(const std::vector<std::string>& places) {
    settings_.catalogue = places;
    const Download download = [](const std::string&, std::uint64_t) {
      return Error{ErrorCode::kNotFound, "nothing is downloaded"};
    };
    std::vector<std::unique_ptr<TextPieces>> opened;
    const OpenDocument open =
        [&](const std::string& place) -> Result<ReadPiece> {
      const auto found = documents_.find(place);
      if (found == documents_.end()) {
        return Error{ErrorCode::kNotFound, "no " + place};
      }
      opened.push_back(std::make_unique<TextPieces>(found->second));
      return opened.back()->reader();
    };
    warnings_.clear();
    const SourceInput input{
        settings_,
        download,
        [](std::string_view, std::uint64_t, std::uint64_t) {},
        [this](std::string text) { warnings_.push_back(std::move(text)); },
        1'800'000'000,
        nullptr,
        &open};
    auto summary = refresh_source(kEncode, input, dir_.path().native());
    if (const auto path = current_snapshot(dir_.path(), kEncode.name)) {
      path_ = *path;
      snapshot_ = *Snapshot::open(*path);
    }
    return summary;
  }
  Result<SourceSummary> refresh_rows(const std::vector<Row>& rows) {
    documents_["list"] = manifest(rows);
    return refresh({"list"});
  }

  [[nodiscard]] std::string tree(const std::string& path) const {
    return tree_text(*snapshot_, path);
  }
  [[nodiscard]] bool exists(const std::string& path) const {
    return node_at(*snapshot_, path).has_value();
  }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->inline_bytes(node->id, 0, node->size) : "none";
  }
  [[nodiscard]] std::string target_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->symlink_target(node->id) : "none";
  }

  SourceSettings settings_{"https://portal/", {}};
  std::map<std::string, std::string> documents_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::filesystem::path path_;
  const ScratchDir dir_;
};

TEST_F(EncodeTest, AFileStandsInItsExperimentAndAmongAll) {
  const auto summary = refresh_rows(
      {{"ENCFF635JIA"}, {"ENCFF001AAA", "bed"}, {"SRR2173350", "fastq"}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_EQ(summary->bytes, 30U);
  EXPECT_TRUE(warnings_.empty());
  const std::string places[] = {"experiments/ENCSR000AAA/ENCFF635JIA.bam",
                                "files/635/ENCFF635JIA.bam",
                                "experiments/ENCSR000AAA/ENCFF001AAA.bed.gz",
                                "files/001/ENCFF001AAA.bed.gz",
                                "experiments/ENCSR000AAA/SRR2173350.fastq.gz",
                                "files/external/SRR2173350.fastq.gz"};
  for (std::size_t index = 0; index < std::size(places); index += 2) {
    const auto one = node_at(*snapshot_, places[index]);
    const auto other = node_at(*snapshot_, places[index + 1]);
    ASSERT_TRUE(one && other) << places[index];
    EXPECT_EQ(one->id, other->id);
    EXPECT_EQ(one->links, 2U);
    EXPECT_EQ(one->size, 10U);
    EXPECT_EQ(one->mtime, 1624446250);
  }
  const auto file = snapshot_->remote_file(
      node_at(*snapshot_, "files/635/ENCFF635JIA.bam")->id);
  EXPECT_EQ(file->urls,
            (std::vector<std::string>{
                "https://h/ENCFF635JIA",
                "redirect:https://portal/files/ENCFF635JIA/@@download/"
                "ENCFF635JIA.bam"}));
  EXPECT_EQ(to_string(*file->digest), "md5:2a41c04233d7ba1cac7b73b912161d50");
}

TEST_F(EncodeTest, UrlsAreTheEndpointThenTheBucketThenAzureThenThePortal) {
  using Urls = std::vector<std::string>;
  const auto urls = [this](const std::string& azure) {
    documents_["list"] =
        "accession\tfile_format\tfile_size\ts3_uri\tcloud_metadata.url\t"
        "azure_uri\nENCFF001AAA\tbed\t9\ts3://b/k.bed.gz\thttps://c/"
        "k.bed.gz\t" +
        azure + "\n";
    const auto summary = refresh({"list"});
    EXPECT_TRUE(summary) << summary.error().message;
    const auto node = node_at(*snapshot_, "files/001/ENCFF001AAA.bed.gz");
    return snapshot_->remote_file(node->id)->urls;
  };
  const std::string cloud = "https://c/k.bed.gz";
  const std::string azure = "https://a.blob.core.windows.net/k.bed.gz?sig=x";
  const std::string portal =
      "redirect:https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bed.gz";
  EXPECT_EQ(urls(azure), (Urls{cloud, azure, portal}));
  settings_.endpoints.s3 = "http://mirror/";
  EXPECT_EQ(urls(azure),
            (Urls{"http://mirror/b/k.bed.gz", cloud, azure, portal}));
  settings_.endpoints.s3 = "";
  for (const char* none : {"file:///etc/passwd", "/etc/passwd", "s3://b/k"}) {
    EXPECT_EQ(urls(none), (Urls{cloud, portal})) << none;
  }
}

TEST_F(EncodeTest, DatasetsAreFoundByWhatTheyAre) {
  Row other{"ENCFF002AAA"};
  other.dataset = "/experiments/ENCSR000BBB/";
  other.target = "";
  other.biosample = "naive thymus-derived CD4-positive, alpha-beta T cell";
  ASSERT_TRUE(refresh_rows({{"ENCFF001AAA"}, other}));
  EXPECT_EQ(target_of("by-assay/TF_ChIP-seq/CTCF/K562/ENCSR000AAA"),
            "../../../../experiments/ENCSR000AAA");
  EXPECT_EQ(target_of("by-assay/TF_ChIP-seq/no_target/"
                      "naive_thymus-derived_CD4-positive_alpha-beta_T_cell/"
                      "ENCSR000BBB"),
            "../../../../experiments/ENCSR000BBB");
  EXPECT_EQ(target_of("by-biosample/K562/TF_ChIP-seq/ENCSR000AAA"),
            "../../../experiments/ENCSR000AAA");
  EXPECT_EQ(target_of("by-target/CTCF/TF_ChIP-seq/ENCSR000AAA"),
            "../../../experiments/ENCSR000AAA");
  EXPECT_FALSE(exists("by-target/no_target"));
  EXPECT_EQ(target_of("by-format/bam/GRCh38/alignments/ENCFF001AAA.bam"),
            "../../../../experiments/ENCSR000AAA/ENCFF001AAA.bam");
  const auto assay = node_at(*snapshot_, "by-assay/TF_ChIP-seq");
  EXPECT_EQ(*snapshot_->xattr(assay->id, "encode.assay_title"), "TF ChIP-seq");
}

TEST_F(EncodeTest, TermsThatBecomeOneNameAreToldApart) {
  Row one{"ENCFF001AAA"};
  one.biosample = "T cell";
  Row two{"ENCFF002AAA"};
  two.biosample = "T, cell";
  two.dataset = "/experiments/ENCSR000BBB/";
  ASSERT_TRUE(refresh_rows({one, two}));
  EXPECT_TRUE(exists("by-biosample/T_cell/TF_ChIP-seq/ENCSR000AAA"));
  EXPECT_TRUE(exists("by-biosample/T_cell~2/TF_ChIP-seq/ENCSR000BBB"));
}

TEST_F(EncodeTest, TablesAndTextsOfAnExperiment) {
  ASSERT_TRUE(refresh_rows({{"ENCFF002AAA"}, {"ENCFF001AAA", "bed"}}));
  EXPECT_EQ(text_of("experiments/ENCSR000AAA/files.txt"),
            "\"https://portal/metadata/?type=Experiment&accession=ENCSR000AAA"
            "\"\n"
            "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bed.gz\n"
            "https://portal/files/ENCFF002AAA/@@download/ENCFF002AAA.bam\n");
  const std::string metadata = text_of("experiments/ENCSR000AAA/metadata.tsv");
  EXPECT_TRUE(metadata.starts_with("File accession\tFile format\tFile type\t"));
  EXPECT_NE(metadata.find("\nENCFF001AAA\tbed\tbed\t\talignments\tGRCh38\t"
                          "ENCSR000AAA\tTF ChIP-seq\t"),
            std::string::npos)
      << metadata;
  const std::string json = text_of("experiments/ENCSR000AAA/experiment.json");
  const auto parsed = JsonValue::parse(json);
  ASSERT_TRUE(parsed) << parsed.error().message << json;
  EXPECT_EQ(*parsed->at("accession")->as_string(), "ENCSR000AAA");
  EXPECT_EQ(*parsed->at("target")->as_string(), "CTCF");
  EXPECT_EQ(*parsed->at("url")->as_string(),
            "https://portal/experiments/ENCSR000AAA/");
  EXPECT_EQ(parsed->at("files")->elements()->size(), 2U);
  EXPECT_EQ(*parsed->at("bytes")->as_size(), 20U);
}

TEST_F(EncodeTest, TheSameFilesInAnotherOrderGiveTheSameBytes) {
  ASSERT_TRUE(refresh_rows({{"ENCFF002AAA"}, {"ENCFF001AAA"}, {"SRR1"}}));
  std::map<std::string, std::string> before;
  for (const char* name : {"files.tsv", "unavailable.tsv", "README.txt",
                           "experiments/ENCSR000AAA/metadata.tsv",
                           "experiments/ENCSR000AAA/experiment.json",
                           "experiments/ENCSR000AAA/files.txt"}) {
    before[name] = text_of(name);
    EXPECT_GT(before[name].size(), 20U) << name;
  }
  ASSERT_TRUE(refresh_rows({{"SRR1"}, {"ENCFF001AAA"}, {"ENCFF002AAA"}}));
  for (const auto& [name, text] : before) {
    EXPECT_EQ(text_of(name), text) << name;
  }
}

TEST_F(EncodeTest, WhatThePublicCannotHaveIsListedWithTheReason) {
  Row secret{"ENCFF003AAA"};
  secret.restricted = "True";
  Row empty{"ENCFF004AAA"};
  empty.size = "";
  Row old{"ENCFF005AAA"};
  old.status = "archived";
  Row draft{"ENCFF006AAA"};
  draft.status = "in progress";
  const std::vector<Row> rows = {{"ENCFF001AAA"}, secret, empty, old, draft};
  const auto summary = refresh_rows(rows);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->files, 1U);
  EXPECT_FALSE(exists("files/003"));
  EXPECT_EQ(text_of("unavailable.tsv"),
            "id\tdataset\tfile_type\toutput_type\treason\n"
            "ENCFF003AAA\t/experiments/ENCSR000AAA/\tbam\talignments\t"
            "restricted: not for the public\n"
            "ENCFF004AAA\t/experiments/ENCSR000AAA/\tbam\talignments\t"
            "no size is published\n");
  settings_.archived = true;
  EXPECT_EQ(refresh_rows(rows)->files, 2U);
  EXPECT_TRUE(exists("files/005/ENCFF005AAA.bam"));
  EXPECT_FALSE(exists("files/006"));
}

TEST_F(EncodeTest, OtherDatasetsWhereTheSettingsAskForThem) {
  Row annotation{"ENCFF002AAA"};
  annotation.dataset = "/annotations/ENCSR000CCC/";
  const std::vector<Row> rows = {{"ENCFF001AAA"}, annotation};
  EXPECT_EQ(refresh_rows(rows)->files, 1U);
  settings_.datasets = {"experiments", "annotations"};
  EXPECT_EQ(refresh_rows(rows)->files, 2U);
  EXPECT_TRUE(exists("annotations/ENCSR000CCC/ENCFF002AAA.bam"));
  EXPECT_TRUE(exists("annotations/ENCSR000CCC/metadata.tsv"));
}

TEST_F(EncodeTest, AnIndexStandsBesideItsFile) {
  Row index{"ENCFF009IDX", "idx"};
  index.index_of = R"(["/files/ENCFF001AAA/"])";
  Row lost{"ENCFF010IDX", "idx"};
  lost.index_of = "['/files/ENCFF999ZZZ/']";
  ASSERT_TRUE(refresh_rows({{"ENCFF001AAA"}, index, lost}));
  EXPECT_EQ(target_of("experiments/ENCSR000AAA/ENCFF001AAA.bam.bai"),
            "ENCFF009IDX.idx");
  EXPECT_EQ(target_of("files/001/ENCFF001AAA.bam.bai"),
            "../../experiments/ENCSR000AAA/ENCFF009IDX.idx");
}

TEST_F(EncodeTest, DocumentsAddWhatTheFirstLacks) {
  documents_["list"] =
      "accession\tfile_format\tdataset\tfile_size\tmd5sum\n"
      "ENCFF001AAA\tbam\t/experiments/ENCSR000AAA/\t10\t"
      "2a41c04233d7ba1cac7b73b912161d50\n";
  documents_["search"] =
      R"({"@graph": [{"@id": "/files/ENCFF001AAA/", "file_size": 99,
          "assay_title": "ATAC-seq"}]})";
  ASSERT_TRUE(refresh({"list"}));
  EXPECT_FALSE(exists("by-assay"));
  EXPECT_NE(text_of("README.txt").find("nothing of assays"), std::string::npos);
  const auto summary = refresh({"list", "search"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_EQ(summary->bytes, 10U);  // of the first
  EXPECT_TRUE(exists("by-assay/ATAC-seq/no_target/no_biosample/ENCSR000AAA"));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(EncodeTest, AListOfUrlsTakesItsTableAlong) {
  documents_["list"] =
      "\"https://portal/metadata/?type=Experiment\"\n"
      "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bam\n";
  documents_["https://portal/metadata/?type=Experiment"] =
      "File accession\tExperiment accession\tSize\nENCFF001AAA\tENCSR000AAA\t7"
      "\n";
  ASSERT_TRUE(refresh({"list"}));
  EXPECT_TRUE(exists("experiments/ENCSR000AAA/ENCFF001AAA.bam"));
}

TEST_F(EncodeTest, AListOfUrlsWhoseTableIsGoneHasNoSizes) {
  documents_["list"] =
      "\"https://portal/metadata/?type=Experiment\"\n"
      "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bam\n";
  ASSERT_TRUE(refresh({"list"}));
  EXPECT_EQ(warnings_.size(), 1U);
  EXPECT_NE(text_of("unavailable.tsv").find("ENCFF001AAA"), std::string::npos);
}

TEST_F(EncodeTest, AStatusThatOnlyALaterDocumentTellsCounts) {
  documents_["list"] =
      "\"https://portal/metadata/?type=Experiment\"\n"
      "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bam\n"
      "https://portal/files/ENCFF002AAA/@@download/ENCFF002AAA.bam\n";
  documents_["https://portal/metadata/?type=Experiment"] =
      "File accession\tExperiment accession\tSize\tFile Status\n"
      "ENCFF001AAA\tENCSR000AAA\t7\tarchived\n"
      "ENCFF002AAA\tENCSR000AAA\t7\treleased\n";
  const auto summary = refresh({"list"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_FALSE(exists("experiments/ENCSR000AAA/ENCFF001AAA.bam"));
  EXPECT_TRUE(exists("experiments/ENCSR000AAA/ENCFF002AAA.bam"));
}

TEST_F(EncodeTest, NothingThatIsDerivedHidesWhatALaterDocumentTells) {
  documents_["list"] =
      "accession\tfile_format\ttarget.name\tfile_size\ts3_uri\tdataset\n"
      "ENCFF001AAA\tbed\tMACRO-H2A-human\t10\ts3://b/k\t"
      "/experiments/ENCSR000AAA/\n";
  documents_["search"] =
      R"({"@graph": [{"@id": "/files/ENCFF001AAA/",
          "file_type": "bed narrowPeak", "target": {"label": "MACROH2A"},
          "href": "/files/ENCFF001AAA/@@download/other.bed.gz",
          "cloud_metadata": {"url": "https://h/k"}}]})";
  ASSERT_TRUE(refresh({"list", "search"}));
  const auto node = node_at(*snapshot_, "files/001/other.bed.gz");
  ASSERT_TRUE(node);
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.file_type"), "bed narrowPeak");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.target"), "MACROH2A");
  EXPECT_EQ(snapshot_->remote_file(node->id)->urls[0], "https://h/k");
}

TEST_F(EncodeTest, ATableOfAPublicationTellsEachFilesOwnDataset) {
  documents_["table"] =
      "File accession\tFile dataset\tFile type\tFile format\t"
      "File output type\tAssay term name\tFile target\tDataset accession\t"
      "Dataset date released\tFile download URL\tFile status\tSize\n"
      "ENCFF001AAA\t/experiments/ENCSR000AAA/\tbed\tbed narrowPeak\tpeaks\t"
      "ChIP-seq\tEBF1\tENCSR727WCB\t2014-10-07\t"
      "http://h/files/ENCFF001AAA/@@download/ENCFF001AAA.bed.gz\treleased\t7\n"
      "ENCFF002AAA\t/experiments/ENCSR000AAA/\tbed\tbed narrowPeak\tpeaks\t"
      "ChIP-seq\tEBF1\tENCSR727WCB\t2014-10-07\t"
      "http://h/files/ENCFF002AAA/@@download/ENCFF002AAA.bed.gz\tarchived\t7\n";
  const auto summary = refresh({"table"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  const auto node =
      node_at(*snapshot_, "experiments/ENCSR000AAA/ENCFF001AAA.bed.gz");
  ASSERT_TRUE(node);
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.target"), "EBF1");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.output_type"), "peaks");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.date_released"), "2014-10-07");
}

TEST_F(EncodeTest, ATableOfASeriesShowsFilesWhoseDatasetAnotherDocumentTells) {
  documents_["table"] =
      "File accession\tFile format\tFile type\tSeries accession\t"
      "Experiment target\tSize\tFile download URL\tFile Status\n"
      "ENCFF001AAA\tbam\tbam\tENCSR284DRW\tH3K4me3-mouse\t20\t"
      "http://h/files/ENCFF001AAA/@@download/ENCFF001AAA.bam\treleased\n";
  ASSERT_TRUE(refresh({"table"}));
  const auto node = node_at(*snapshot_, "files/001/ENCFF001AAA.bam");
  ASSERT_TRUE(node);
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.target"), "H3K4me3");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.experiments"), "ENCSR284DRW");
  documents_["list"] = manifest({{"ENCFF001AAA"}});
  ASSERT_TRUE(refresh({"table", "list"}));
  EXPECT_TRUE(exists("experiments/ENCSR000AAA/ENCFF001AAA.bam"));
}

TEST_F(EncodeTest, AListOfUrlsNamesNoLocalFile) {
  for (const char* table : {"/etc/metadata/?x", "file:///etc/metadata/?x"}) {
    documents_["list"] =
        "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bam\n\"" +
        std::string(table) + "\"\n";
    documents_[table] =
        "File accession\tExperiment accession\tSize\n"
        "ENCFF001AAA\tENCSR000AAA\t7\n";
    const auto summary = refresh({"list"});
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_FALSE(exists("experiments/ENCSR000AAA")) << table;
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_NE(warnings_[0].find("no http(s) url"), std::string::npos);
  }
}

constexpr char kBucketList[] =
    "https://encode-public.s3.amazonaws.com/encode_file_manifest.tsv";

TEST_F(EncodeTest, ByDefaultTheBucketTellsTheBytesAndThePortalTheRest) {
  documents_[kBucketList] =
      "accession\tfile_format\tdataset\tfile_size\ts3_uri\n"
      "ENCFF001AAA\tbam\t/experiments/ENCSR000AAA/\t10\ts3://b/k\n";
  documents_[encode_search_url("https://portal/", false)] =
      R"({"total": 1.0, "@graph": [{"@id": "/files/ENCFF001AAA/",
          "status": "released", "assay_title": "TF ChIP-seq",
          "target": {"label": "CTCF"},
          "biosample_ontology": {"term_name": "K562"}}]})";
  const auto summary = refresh({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_TRUE(exists("by-assay/TF_ChIP-seq/CTCF/K562/ENCSR000AAA"));
  EXPECT_TRUE(warnings_.empty());
  EXPECT_EQ(*RecordFinder::open(path_)->count(
                std::vector<FieldCondition>{{"assay", "TF ChIP-seq"}}, ""),
            1U);
}

TEST_F(EncodeTest, TheListStandsAloneWithAWarningWhileThePortalFails) {
  const std::string search = encode_search_url("https://portal/", false);
  documents_[kBucketList] =
      "accession\tfile_format\tdataset\tfile_size\n"
      "ENCFF001AAA\tbam\t/experiments/ENCSR000AAA/\t10\n";
  const std::string whole = R"({"@id": "/files/ENCFF001AAA/", "file_size": 9,
                                "assay_title": "TF ChIP-seq"})";
  const std::string answers[] = {
      "",                                              // 404
      "<html>too busy</html>",                         // no catalogue
      R"({"total": 0, "@graph": []})",                 // no file
      R"({"total": 1, "@graph": [)" + whole,           // cut short
      R"({"total": 9, "@graph": [)" + whole + "]}",    // a page of it
      R"({"total": 1.5, "@graph": [)" + whole + "]}",  // no count
      R"({"@graph": [)" + whole + "]}",                // perhaps a page of it
      R"({"total": 1, "@graph": [{"@id": "/files/ENCFF001AAA/"}]})",
  };
  for (const std::string& answer : answers) {
    documents_.erase(search);
    if (!answer.empty()) {
      documents_[search] = answer;
    }
    const auto summary = refresh({});
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->files, 1U) << answer;
    EXPECT_FALSE(exists("by-assay")) << answer;
    ASSERT_EQ(warnings_.size(), 1U) << answer;
    EXPECT_NE(warnings_[0].find("the portal"), std::string::npos);
    auto finder = RecordFinder::open(path_);
    const auto found = finder->count(
        std::vector<FieldCondition>{{"assay", "TF ChIP-seq"}}, "");
    ASSERT_FALSE(found);
    const std::string& message = found.error().message;
    EXPECT_EQ(message.find(" assay,"), std::string::npos) << message;
    EXPECT_NE(message.find("assay_title"), std::string::npos) << message;
  }
}

TEST_F(EncodeTest, APortalThatFailsTakesNoAssaysFromTheCatalogThatIsThere) {
  const std::string search = encode_search_url("https://portal/", false);
  documents_[kBucketList] =
      "accession\tfile_format\tdataset\tfile_size\n"
      "ENCFF001AAA\tbam\t/experiments/ENCSR000AAA/\t10\n";
  documents_[search] =
      R"({"total": 1, "@graph": [{"@id": "/files/ENCFF001AAA/",
          "file_size": 10, "assay_title": "TF ChIP-seq"}]})";
  ASSERT_TRUE(refresh({}));
  ASSERT_TRUE(exists("by-assay"));
  documents_.erase(search);
  const auto refused = refresh({});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("stays"), std::string::npos);
  EXPECT_TRUE(exists("by-assay"));
}

TEST_F(EncodeTest, AListThatIsEmptyNowTakesNoFileFromTheCatalogThatIsThere) {
  documents_[kBucketList] =
      "accession\tfile_format\tdataset\tfile_size\n"
      "ENCFF001AAA\tbam\t/experiments/ENCSR000AAA/\t10\n"
      "ENCFF002AAA\tbam\t/experiments/ENCSR000AAA/\t10\n";
  documents_[encode_search_url("https://portal/", false)] =
      R"({"total": 1, "@graph": [{"@id": "/files/ENCFF001AAA/",
          "file_size": 10, "assay_title": "TF ChIP-seq"}]})";
  ASSERT_TRUE(refresh({}));
  for (const char* text : {"accession\tfile_format\tdataset\tfile_size\n",
                           "<html>sign in</html>", ""}) {
    documents_[kBucketList] = text;
    const auto refused = refresh({});
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << text;
    EXPECT_TRUE(exists("files/002")) << text;
  }
}

TEST_F(EncodeTest, WithoutTheBucketsListNothingIsMade) {
  documents_[encode_search_url("https://portal/", false)] =
      R"({"total": 1, "@graph": [{"@id": "/files/ENCFF001AAA/"}]})";
  EXPECT_FALSE(refresh({}));
}

TEST_F(EncodeTest, APageOfASearchIsRefused) {
  documents_["search"] =
      R"({"total": 762008, "@graph": [{"@id": "/files/ENCFF001AAA/"}]})";
  const auto refused = refresh({"search"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1 of the 762008"), std::string::npos)
      << refused.error().message;
}

TEST_F(EncodeTest, FewBadRowsAreToldOfAndManyAreTheEnd) {
  std::string text = kHeader;
  for (int number = 100; number < 300; ++number) {
    text += line_of({"ENCFF" + std::to_string(number) + "AAA"});
  }
  Row bad{"ENCFF300AAA"};
  bad.size = "many";
  documents_["list"] = text + line_of(bad);
  const auto summary = refresh({"list"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 200U);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0], "line 202: left out: its size \"many\" is none");

  documents_["list"] = text + line_of(bad) + line_of(bad) + line_of(bad);
  const auto refused = refresh({"list"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("3 of 203 rows"), std::string::npos);
  EXPECT_TRUE(exists("files/100"));  // what was there stays
}

TEST_F(EncodeTest, OneBadRowOfASmallTableIsLeftOutAlone) {
  Row bad{"ENCFF002AAA"};
  bad.size = "many";
  documents_["list"] = std::string(kHeader) + line_of({"ENCFF001AAA"}) +
                       line_of(bad) + line_of({"ENCFF003AAA"});
  const auto summary = refresh({"list"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 2U);
  EXPECT_EQ(summary->warnings, 1U);
  documents_["list"] = std::string(kHeader) + line_of(bad);
  EXPECT_FALSE(refresh({"list"}));
}

TEST_F(EncodeTest, ATableOfAHeaderAloneReplacesNoCatalogThatHasFiles) {
  documents_["list"] = std::string(kHeader) + line_of({"ENCFF001AAA"});
  ASSERT_TRUE(refresh({"list"}));
  documents_["list"] = kHeader;
  const auto summary = refresh({"list"});
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find("--allow-empty"), std::string::npos);
  EXPECT_TRUE(exists("files/001"));
}

TEST_F(EncodeTest, AFileThatIsToldOfTwiceIsOne) {
  const auto summary = refresh_rows({{"ENCFF001AAA"}, {"ENCFF001AAA"}});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_EQ(warnings_.size(), 1U);
}

TEST_F(EncodeTest, ASearchThatFindsNothingIsAnEmptyTree) {
  const auto summary = refresh({"https://portal/search/?type=File"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 0U);
  EXPECT_FALSE(refresh({"https://portal/else"}));
}

TEST_F(EncodeTest, FilesAreFoundAndToldOfByTheirFields) {
  ASSERT_TRUE(refresh_rows({{"ENCFF001AAA"}, {"ENCFF002AAA", "bed"}}));
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  const std::vector<FieldCondition> conditions = {
      {"assay", "tf chip-seq"}, {"format", "bed"}, {"assembly", "GRCh38"}};
  EXPECT_EQ(*finder->count(conditions, ""), 1U);
  EXPECT_EQ(*finder->count(
                std::vector<FieldCondition>{{"accession", "ENCFF001AAA"}}, ""),
            1U);
  const auto node = node_at(*snapshot_, "files/001/ENCFF001AAA.bam");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.target"), "CTCF");
  EXPECT_EQ(*snapshot_->xattr(node->id, "encode.download_link"),
            "https://portal/files/ENCFF001AAA/@@download/ENCFF001AAA.bam");
}

}  // namespace
}  // namespace omicsfs
