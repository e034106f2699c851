// SPDX-License-Identifier: MIT
#include "catalog/sources/genomekit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "catalog/file_listing.h"
#include "catalog/record_finder.h"
#include "catalog/s3_listing.h"
#include "catalog/snapshot.h"
#include "catalog/sources/genomekit_names.h"
#include "tests/catalog/fake_web.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

constexpr char kStore[] = "https://store/";

class GenomekitTest : public ::testing::Test {
 protected:
  // One page of the bucket's listing with objects of 100 bytes each.
  static std::string page(const std::vector<std::string>& names,
                          const std::string& token) {
    std::string xml = "<ListBucketResult><IsTruncated>";
    xml += token.empty() ? "false" : "true";
    xml += "</IsTruncated><NextContinuationToken>" + token +
           "</NextContinuationToken>";
    for (const std::string& name : names) {
      xml += "<Contents><Key>";
      xml += name;
      xml +=
          "</Key><LastModified>2024-12-20T00:00:00.000Z</LastModified>"
          "<ETag>\"e\"</ETag><Size>100</Size></Contents>";
    }
    return xml + "</ListBucketResult>";
  }
  void publish(const std::vector<std::string>& names) {
    web_.documents[s3_page_url(kStore, "", "")] = page(names, "");
  }
  void configure(const std::string& annotation, const std::string& text) {
    web_.documents[kStore + annotation + ".cfg"] = text;
  }
  void publish_small_bucket() {
    publish({"hg38.p12.2bit", "hg38.p12.chrom.sizes", "gencode.v29.cfg",
             "gencode.v29.v22.dganno", "appris.gencode.v29.v7.pkl",
             "tools.v49.tar.gz"});
    configure("gencode.v29", "refg=hg38.p12\n");
  }

  Result<SourceSummary> refresh() {
    const Download download = web_.download();
    std::vector<std::unique_ptr<TextPieces>> opened;
    const OpenDocument open =
        [&](const std::string& place) -> Result<ReadPiece> {
      opened.push_back(std::make_unique<TextPieces>(web_.documents.at(place)));
      return opened.back()->reader();
    };
    warnings_.clear();
    ArchiveAccess access;
    access.locate = [](const std::string& place) -> Result<RemoteFile> {
      RemoteFile file;
      file.urls = {place};
      file.size = 77;
      return file;
    };
    access.list = [](const RemoteFile&) -> Result<ArchiveMembers> {
      return Error{ErrorCode::kInvalid, "no archive"};
    };
    const SourceInput input{
        settings_,
        download,
        {},
        [this](std::string text) { warnings_.push_back(std::move(text)); },
        1'800'000'000,
        &access,
        &open};
    auto summary = refresh_source(kGenomekit, input, dir_.path().native());
    if (const auto path = current_snapshot(dir_.path(), kGenomekit.name)) {
      path_ = *path;
      snapshot_ = *Snapshot::open(*path);
    }
    return summary;
  }

  [[nodiscard]] bool exists(const std::string& path) const {
    return node_at(*snapshot_, path).has_value();
  }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->inline_bytes(node->id, 0, node->size) : "none";
  }

  SourceSettings settings_{kStore, {}};
  FakeWeb web_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::filesystem::path path_;
  const ScratchDir dir_;
};

TEST_F(GenomekitTest, TheWholeTree) {
  publish_small_bucket();
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 6U);
  EXPECT_EQ(summary->bytes, 600U);
  const std::string readme =
      std::to_string(node_at(*snapshot_, "README.txt")->size);
  EXPECT_EQ(
      tree_text(*snapshot_),
      "1387866593985245338.hash 8 bytes, 1 links\n"
      "README.txt " +
          readme +
          " bytes, 1 links\n"
          "appris.gencode.v29.v7.pkl 100 bytes, 1 links\n"
          "by-annotation/\n"
          "by-annotation/gencode.v29/\n"
          "by-annotation/gencode.v29/1387866593985245338.hash -> "
          "../../1387866593985245338.hash\n"
          "by-annotation/gencode.v29/appris.gencode.v29.v7.pkl -> "
          "../../appris.gencode.v29.v7.pkl\n"
          "by-annotation/gencode.v29/gencode.v29.cfg -> ../../gencode.v29.cfg\n"
          "by-annotation/gencode.v29/gencode.v29.v22.dganno -> "
          "../../gencode.v29.v22.dganno\n"
          "by-annotation/gencode.v29/hg38.p12.2bit -> ../../hg38.p12.2bit\n"
          "by-annotation/gencode.v29/hg38.p12.chrom.sizes -> "
          "../../hg38.p12.chrom.sizes\n"
          "by-assembly/\n"
          "by-assembly/hg38.p12/\n"
          "by-assembly/hg38.p12/1387866593985245338.hash -> "
          "../../1387866593985245338.hash\n"
          "by-assembly/hg38.p12/annotations/\n"
          "by-assembly/hg38.p12/annotations/gencode.v29 -> "
          "../../../by-annotation/gencode.v29\n"
          "by-assembly/hg38.p12/hg38.p12.2bit -> ../../hg38.p12.2bit\n"
          "by-assembly/hg38.p12/hg38.p12.chrom.sizes -> "
          "../../hg38.p12.chrom.sizes\n"
          "gencode.v29.cfg 14 bytes, 1 links\n"
          "gencode.v29.v22.dganno 100 bytes, 1 links\n"
          "hg38.p12.2bit 100 bytes, 1 links\n"
          "hg38.p12.chrom.sizes 100 bytes, 1 links\n"
          "tools.v49.tar.gz 100 bytes, 1 links\n");
  EXPECT_EQ(text_of("gencode.v29.cfg"), "refg=hg38.p12\n");
  EXPECT_EQ(text_of("1387866593985245338.hash"), "hg38.p12");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(GenomekitTest, EveryLinkLeadsToAFile) {
  publish_small_bucket();
  ASSERT_TRUE(refresh());
  for (const char* directory :
       {"by-annotation/gencode.v29", "by-assembly/hg38.p12"}) {
    const std::string text = tree_text(*snapshot_, directory);
    EXPECT_GT(std::count(text.begin(), text.end(), '\n'), 3);
    for (std::size_t at = text.find("-> ../../"); at != std::string::npos;
         at = text.find("-> ../../", at + 1)) {
      std::string target = text.substr(at + 9, text.find('\n', at) - at - 9);
      target.erase(0, target.starts_with("../") ? 3 : 0);
      EXPECT_TRUE(exists(target)) << target;
    }
  }
}

TEST_F(GenomekitTest, AFileIsFetchedFromTheBucketAndDescribed) {
  publish_small_bucket();
  ASSERT_TRUE(refresh());
  const auto node = node_at(*snapshot_, "gencode.v29.v22.dganno");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->mtime, 1734652800);
  const auto file = snapshot_->remote_file(node->id);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->urls,
            std::vector<std::string>{"https://store/gencode.v29.v22.dganno"});
  EXPECT_EQ(file->validator, "\"e\"");
  EXPECT_TRUE(file->is_mapped);
  const auto sizes = node_at(*snapshot_, "hg38.p12.chrom.sizes");
  EXPECT_FALSE(snapshot_->remote_file(sizes->id)->is_mapped);
  EXPECT_EQ(*snapshot_->xattr(node->id, "genomekit.assembly"), "hg38.p12");
  EXPECT_EQ(*snapshot_->xattr(node->id, "genomekit.annotation"), "gencode.v29");
  EXPECT_EQ(*snapshot_->xattr(node->id, "genomekit.kind"), "dganno");
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  const std::vector<FieldCondition> conditions = {{"assembly", "hg38.p12"},
                                                  {"provider", "gencode"}};
  EXPECT_EQ(*finder->count(conditions, ""), 3U);
}

TEST_F(GenomekitTest, ReadmeTellsWhatThereIsAndHowToUseIt) {
  publish_small_bucket();
  ASSERT_TRUE(refresh());
  const std::string readme = text_of("README.txt");
  for (const char* part :
       {"Files:       6\n", "Bytes:       600\n", "Assemblies:  1\n",
        "Annotations: 1\n", "Licence:", "https://store/",
        "export GENOMEKIT_DATA_DIR=", "GKDataFileNotFoundError", "SIGBUS"}) {
    EXPECT_NE(readme.find(part), std::string::npos) << part;
  }
}

TEST_F(GenomekitTest, AllPagesOfTheBucketAreAsked) {
  web_.documents[s3_page_url(kStore, "", "")] = page({"hg19.2bit"}, "t1");
  web_.documents[s3_page_url(kStore, "", "t1")] = page({"mm39.2bit"}, "");
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 2U);
  EXPECT_TRUE(exists("mm39.2bit"));
  EXPECT_EQ(text_of("18291354092828669527.hash"), "mm39");
}

TEST_F(GenomekitTest, AnyVersionOfAnAnnotationStandsWithIt) {
  publish({"gencode.v29.cfg", "gencode.v29.basic.cfg", "gencode.v29.v22.dganno",
           "gencode.v29.v23.dganno", "gencode.v29.basic.v22.dganno",
           "mane.gencode.v29.v2.pkl"});
  configure("gencode.v29", "refg=hg38.p12\n");
  configure("gencode.v29.basic", "refg=hg38.p13\n");
  ASSERT_TRUE(refresh());
  for (const char* name : {"gencode.v29/gencode.v29.v22.dganno",
                           "gencode.v29/gencode.v29.v23.dganno",
                           "gencode.v29/mane.gencode.v29.v2.pkl",
                           "gencode.v29.basic/gencode.v29.basic.v22.dganno"}) {
    EXPECT_TRUE(exists(std::string("by-annotation/") + name)) << name;
  }
  EXPECT_FALSE(
      exists("by-annotation/gencode.v29/gencode.v29.basic.v22.dganno"));
  // Assemblies of which the bucket has nothing but annotations.
  EXPECT_EQ(text_of("1387867693496873549.hash"), "hg38.p13");
  EXPECT_TRUE(exists("by-assembly/hg38.p13/annotations/gencode.v29.basic"));
}

TEST_F(GenomekitTest, AHashFileOfTheBucketIsThatOne) {
  publish({"mm39.2bit", "18291354092828669527.hash"});
  ASSERT_TRUE(refresh());
  EXPECT_EQ(node_at(*snapshot_, "18291354092828669527.hash")->size, 100U);
  EXPECT_TRUE(exists("by-assembly/mm39/18291354092828669527.hash"));
}

TEST_F(GenomekitTest, AConfigThatSaysNothingIsToldOfAndStays) {
  publish({"a.cfg", "a.v22.dganno", "b.cfg", "c.cfg", "d.v22.dganno"});
  configure("a", "nonsense\n");
  configure("b", std::string(5000, '#'));
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(warnings_.size(), 3U);  // c's is not there
  EXPECT_EQ(text_of("a.cfg"), "nonsense\n");
  EXPECT_EQ(node_at(*snapshot_, "b.cfg")->size, 100U);
  EXPECT_TRUE(exists("by-annotation/a/a.v22.dganno"));
  EXPECT_TRUE(exists("by-annotation/d/d.v22.dganno"));
  EXPECT_FALSE(exists("by-assembly"));
}

TEST_F(GenomekitTest, WhatCannotStandAtTheRootIsLeftOut) {
  publish({"README.txt", "by-assembly", "folder/", "folder/hg19.2bit",
           "mm39.2bit"});
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_FALSE(exists("folder"));
  EXPECT_NE(node_at(*snapshot_, "README.txt")->size, 100U);
  EXPECT_EQ(warnings_.size(), 3U);
}

TEST_F(GenomekitTest, AHostileNameIsLeftOutAndAnEmptyListingIsRefused) {
  publish_small_bucket();
  ASSERT_TRUE(refresh());
  for (const char* name : {"../hg19.2bit", "a/../../b", "/etc/passwd", "..",
                           "...cfg", "a\x7f.2bit", "hg38.p12.2bit\n"}) {
    publish({"mm39.2bit", "tools.v49.tar.gz", name});
    const auto summary = refresh();
    ASSERT_TRUE(summary) << name;
    EXPECT_EQ(summary->files, 2U) << name;
    EXPECT_EQ(summary->warnings, 1U) << name;
  }
  publish({"mm39.2bit", "mm39.2bit"});
  EXPECT_EQ(refresh()->warnings, 1U);
  publish({"../mm39.2bit"});
  EXPECT_EQ(refresh().error().code, ErrorCode::kInvalid);
  publish({});
  EXPECT_EQ(refresh().error().code, ErrorCode::kNotFound);
}

TEST_F(GenomekitTest, AListingOfNothingThatIsKnownReplacesNoCatalog) {
  settings_.listing = "https://store/index";
  const std::string index =
      "<a href=\"hg38.p12.2bit\">x</a><a href=\"mm39.2bit\">y</a>";
  web_.documents["https://store/index"] = index;
  ASSERT_TRUE(refresh());
  const char* const page = "<html><a href=\"signin.html\">sign in</a></html>";
  web_.documents["https://store/index"] = page;
  const auto summary = refresh();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(exists("mm39.2bit"));
  // One known file shows that it is the listing.
  web_.documents["https://store/index"] =
      "<a href=\"mm39.2bit\">y</a><a href=\"rn8.2bit\">z</a>";
  ASSERT_TRUE(refresh());
  EXPECT_FALSE(exists("hg38.p12.2bit"));
  // Another place was never known.
  settings_.listing = "https://store/other";
  web_.documents["https://store/other"] = "<a href=\"new.2bit\">y</a>";
  EXPECT_TRUE(refresh());
}

TEST_F(GenomekitTest, AnAssemblyThatNoDirectoryCanHoldIsNone) {
  publish({"a.cfg", "b.cfg"});
  configure("a", "refg=../../etc\n");
  configure("b", "refg=..\n");
  ASSERT_TRUE(refresh());
  EXPECT_EQ(warnings_.size(), 2U);
  EXPECT_FALSE(exists("by-assembly"));
  EXPECT_EQ(text_of("a.cfg"), "refg=../../etc\n");
}

TEST_F(GenomekitTest, AListOfNamesHasItsSizesAsked) {
  settings_.listing = "/names";
  web_.documents["/names"] =
      "gencode.v29.cfg 14\nhg38.p12.2bit\n"
      "rn8.2bit\thttps://elsewhere/GCF_036323735.1.2bit\n";
  configure("gencode.v29", "refg=hg38.p12\n");
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->bytes, 14U + 77U + 77U);
  EXPECT_NE(text_of("README.txt").find("what is listed by /names\n"),
            std::string::npos);
  EXPECT_EQ(node_at(*snapshot_, "rn8.2bit")->size, 77U);
  EXPECT_EQ(snapshot_->remote_file(node_at(*snapshot_, "rn8.2bit")->id)->urls,
            std::vector<std::string>{"https://elsewhere/GCF_036323735.1.2bit"});
  EXPECT_TRUE(exists("by-annotation/gencode.v29/hg38.p12.2bit"));
}

// The list that is installed beside the program.
TEST(GenomekitUcsc, ListsWholeAssembliesOnce) {
  const auto page =
      parse_listing_page(read_file(std::filesystem::path(OMICSFS_SOURCE_DIR) /
                                   "catalog/sources/genomekit-ucsc.txt"),
                         "https://none/");
  ASSERT_TRUE(page) << page.error().message;
  std::map<std::string, std::set<GenomekitKind>, std::less<>> assemblies;
  for (const ListedFile& file : page->files) {
    const GenomekitName name = parse_genomekit_name(file.path);
    EXPECT_TRUE(is_of_assembly(name.kind)) << file.path;
    EXPECT_TRUE(file.url.starts_with("https://hgdownload.soe.ucsc.edu/"));
    EXPECT_TRUE(assemblies[std::string(name.subject)].insert(name.kind).second)
        << file.path;
  }
  EXPECT_EQ(assemblies.size(), 14U);
  for (const auto& [assembly, kinds] : assemblies) {
    EXPECT_TRUE(kinds.contains(GenomekitKind::kTwoBit)) << assembly;
    EXPECT_TRUE(kinds.contains(GenomekitKind::kSizes)) << assembly;
  }
}

// What was computed by another program, where it is at hand.
TEST(GenomekitReal, NumbersAndFilesOfRealData) {
  const auto dir = std::filesystem::path(OMICSFS_SHARED_DATA) / "genomekit";
  if (!std::filesystem::exists(dir)) {
    GTEST_SKIP() << dir << " is not here";
  }
  int hashes = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(dir / "hash_files")) {
    EXPECT_EQ(genomekit_hash_name(read_file(file.path())),
              file.path().filename());
    ++hashes;
  }
  EXPECT_EQ(hashes, 27);
  int configs = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir / "mini1")) {
    const std::string name = file.path().filename();
    if (parse_genomekit_name(name).kind != GenomekitKind::kConfig) {
      continue;
    }
    const std::string text = read_file(file.path());
    const auto assembly = genomekit_assembly_of(text);
    ASSERT_TRUE(assembly) << name << ": " << assembly.error().message;
    EXPECT_EQ(text, "refg=" + *assembly + "\n");
    ++configs;
  }
  EXPECT_EQ(configs, 7);
  const auto listed = parse_listing_page(
      read_file(dir / "s3_listobjectsv2_example.xml"), kStore);
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->files.size(), 3U);
  EXPECT_EQ(listed->files[1].path, "gencode.v29.v22.dganno");
  EXPECT_EQ(listed->files[1].size, 100'000'000U);
}

}  // namespace
}  // namespace omicsfs
