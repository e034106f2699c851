// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_bio.h"

#include <gtest/gtest.h>

#include "tests/catalog/fake_archives.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

std::string metadata(const std::string& aggregate_by, const std::string& made,
                     const std::vector<std::string>& experiments,
                     const std::string& more = "") {
  std::string text = R"({"aggregate_by": ")" + aggregate_by +
                     R"(", "created_at": ")" + made + R"(", "experiments": {)";
  for (const std::string& name : experiments) {
    text += (text.back() == '{' ? "\"" : ", \"") + name +
            R"(": {"title": "About )" + name +
            R"(", "technology": "RNA-SEQ", "organisms": ["HOMO_SAPIENS"]})";
  }
  return text + "}" + more + "}";
}

class RefineBioTest : public ::testing::Test {
 protected:
  Result<SourceSummary> refresh(const std::vector<std::string>& places) {
    SourceSettings settings;
    for (const std::string& place : places) {
      settings.archives.push_back({place, std::nullopt, ""});
    }
    const Download download = [](const std::string&, std::uint64_t) {
      return Error{ErrorCode::kNotFound, "nothing is downloaded"};
    };
    const ArchiveAccess access = archives_.access();
    warnings_.clear();
    SourceInput input{
        settings,
        download,
        [](std::string_view, std::uint64_t, std::uint64_t) {},
        [this](std::string text) { warnings_.push_back(std::move(text)); },
        1'800'000'000,
        &access};
    input.allow_empty = allow_empty_;
    auto summary = refresh_source(kRefineBio, input, dir_.path().native());
    if (summary) {
      const auto path = current_snapshot(dir_.path(), kRefineBio.name);
      snapshot_ = *Snapshot::open(*path);
    }
    return summary;
  }
  // The names at `path`, "a b c".
  [[nodiscard]] std::string names(const std::string& path) const {
    std::string text;
    const auto node = node_at(*snapshot_, path);
    if (!node) {
      return "none";
    }
    const auto entries = snapshot_->list(node->id, 0, 1000);
    for (const DirectoryEntry& entry : *entries) {
      text += (text.empty() ? "" : " ") + entry.name;
    }
    return text;
  }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->inline_bytes(node->id, 0, 10'000) : "none";
  }
  [[nodiscard]] std::string xattr(const std::string& path,
                                  const std::string& name) const {
    const auto node = node_at(*snapshot_, path);
    const auto value = snapshot_->xattr(node->id, name);
    return value->value_or("none");
  }

  static Members dataset(const std::string& made,
                         const std::vector<std::string>& experiments) {
    Members members = {{"README.md", "about"},
                       {"aggregated_metadata.json",
                        metadata("EXPERIMENT", made, experiments)}};
    for (const std::string& name : experiments) {
      members.emplace_back(name + "/", "");
      members.emplace_back(name + "/" + name + ".tsv", "Gene\t" + made);
      members.emplace_back(name + "/metadata_" + name + ".tsv", "m");
    }
    return members;
  }

  const ScratchDir dir_;
  FakeArchives archives_;
  std::vector<std::string> warnings_;
  bool allow_empty_ = false;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(RefineBioTest, WithNoArchiveItSaysHowToAddOne) {
  ASSERT_TRUE(refresh({}));
  EXPECT_EQ(names(""), "README.txt compendia datasets experiments species");
  EXPECT_NE(text_of("README.txt").find("omicsfs add refine-bio"),
            std::string::npos);
}

TEST_F(RefineBioTest, ADatasetIsThereByItselfAndByItsExperiments) {
  archives_.add("https://h/one.zip",
                dataset("2024-01-01T00:00:00", {"SRP1", "SRP2"}));
  const auto summary = refresh({"https://h/one.zip"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(names("datasets"), "one one.zip");
  EXPECT_EQ(names("datasets/one"),
            "README.md SRP1 SRP2 aggregated_metadata.json");
  EXPECT_EQ(names("experiments"), "SRP1 SRP2");
  EXPECT_EQ(names("experiments/SRP1"), "README.txt SRP1.tsv metadata_SRP1.tsv");
  EXPECT_EQ(node_at(*snapshot_, "experiments/SRP1/SRP1.tsv")->id,
            node_at(*snapshot_, "datasets/one/SRP1/SRP1.tsv")->id);
  EXPECT_EQ(names("species"), "");
  EXPECT_EQ(xattr("experiments/SRP1/SRP1.tsv", "refinebio.title"),
            "About SRP1");
  EXPECT_EQ(xattr("experiments/SRP1/SRP1.tsv", "refinebio.organism"),
            "HOMO_SAPIENS");
  EXPECT_EQ(summary->newest_release, "one");
  EXPECT_EQ(summary->files, 7U);
}

TEST_F(RefineBioTest, OfTwoDatasetsTheNewerHasTheExperiment) {
  archives_.add("https://h/new.zip", dataset("2024-06-01T00:00:00", {"SRP1"}));
  archives_.add("https://h/old.zip",
                dataset("2023-06-01T00:00:00", {"SRP1", "SRP2"}));
  for (const auto& order :
       {std::vector<std::string>{"https://h/new.zip", "https://h/old.zip"},
        std::vector<std::string>{"https://h/old.zip", "https://h/new.zip"}}) {
    ASSERT_TRUE(refresh(order));
    EXPECT_EQ(node_at(*snapshot_, "experiments/SRP1/SRP1.tsv")->id,
              node_at(*snapshot_, "datasets/new/SRP1/SRP1.tsv")->id);
    EXPECT_EQ(node_at(*snapshot_, "experiments/SRP2/SRP2.tsv")->id,
              node_at(*snapshot_, "datasets/old/SRP2/SRP2.tsv")->id);
  }
}

TEST_F(RefineBioTest, AMissingMatrixIsToldOfWithItsReasons) {
  archives_.add(
      "https://h/d.zip",
      {{"aggregated_metadata.json",
        metadata("EXPERIMENT", "2024-01-01T00:00:00", {"SRP1", "SRP2"})},
       {"filtered_samples_metadata.json",
        R"({"SRR1": {"experiment_accession_code": "SRP1", "reason": "too few values"}})"},
       {"SRP1/metadata_SRP1.tsv", "m"}});
  ASSERT_TRUE(refresh({"https://h/d.zip"}));
  EXPECT_EQ(names("experiments/SRP1"),
            "MISSING.txt README.txt metadata_SRP1.tsv");
  EXPECT_NE(text_of("experiments/SRP1/MISSING.txt").find("too few values"),
            std::string::npos);
  EXPECT_EQ(names("experiments/SRP2"), "MISSING.txt README.txt");
  EXPECT_NE(text_of("experiments/SRP2/MISSING.txt").find("not say why"),
            std::string::npos);
}

TEST_F(RefineBioTest, ADatasetBySpeciesIsThereByItsSpecies) {
  archives_.add("https://h/s.zip",
                {{"aggregated_metadata.json",
                  metadata("SPECIES", "2024-01-01T00:00:00", {"SRP1"})},
                 {"HOMO_SAPIENS/HOMO_SAPIENS.tsv", "x"},
                 {"HOMO_SAPIENS/metadata_HOMO_SAPIENS.tsv", "y"},
                 {"HOMO_SAPIENS/metadata_HOMO_SAPIENS.json", "{}"}});
  ASSERT_TRUE(refresh({"https://h/s.zip"}));
  EXPECT_EQ(names("species"), "HOMO_SAPIENS");
  EXPECT_EQ(names("species/HOMO_SAPIENS"),
            "HOMO_SAPIENS.tsv README.txt metadata_HOMO_SAPIENS.json "
            "metadata_HOMO_SAPIENS.tsv");
  EXPECT_EQ(names("experiments"), "");
}

TEST_F(RefineBioTest, CompendiaStandByKindOrganismAndVersion) {
  const std::string compendium = R"(, "compendium_version": 1)";
  archives_.add("https://h/root.zip",
                {{"aggregated_metadata.json",
                  metadata("SPECIES", "2020-01-01T00:00:00", {}, compendium)},
                 {"DANIO_RERIO.tsv", "matrix"},
                 {"DANIO_RERIO/metadata_DANIO_RERIO.tsv", "m"}});
  archives_.add("https://h/folder.zip",
                {{"aggregated_metadata.json",
                  metadata("SPECIES", "2020-01-01T00:00:00", {},
                           R"(, "compendium_version": 2)")},
                 {"DANIO_RERIO/DANIO_RERIO.tsv", "matrix"}});
  archives_.add(
      "https://h/MUS_MUSCULUS_1_1574170428.zip?X-Amz-Signature=abc",
      {{"aggregated_metadata.json",
        R"({"compendium_version": 1, "quant_sf_only": true, "created_at": ""})"},
       {"SRP9/SRR9_quant.sf", "Name"}});
  ASSERT_TRUE(
      refresh({"https://h/root.zip", "https://h/folder.zip",
               "https://h/MUS_MUSCULUS_1_1574170428.zip?X-Amz-Signature=abc"}));
  EXPECT_EQ(names("compendia/normalized/DANIO_RERIO"), "v1 v1.zip v2 v2.zip");
  EXPECT_EQ(names("compendia/rna-seq/MUS_MUSCULUS"), "v1 v1.zip");
  EXPECT_EQ(names("compendia/rna-seq/MUS_MUSCULUS/v1/SRP9"), "SRR9_quant.sf");
  EXPECT_EQ(names("experiments"), "");
  EXPECT_EQ(xattr("compendia/normalized/DANIO_RERIO/v2/DANIO_RERIO/"
                  "DANIO_RERIO.tsv",
                  "omicsfs.release"),
            "DANIO_RERIO v2");
}

TEST_F(RefineBioTest, TwoOfOneNameStandSideBySide) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  archives_.add("https://i/a.zip", dataset("2024-01-02T00:00:00", {"SRP2"}));
  ASSERT_TRUE(refresh({"https://h/a.zip", "https://i/a.zip"}));
  EXPECT_EQ(names("datasets"), "a a-2 a-2.zip a.zip");
}

TEST_F(RefineBioTest, OneThatCannotBeReadIsLeftOutUnlessItIsAlone) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  archives_.add("https://h/other.zip", {{"x.txt", "no download"}});
  ASSERT_TRUE(
      refresh({"https://h/a.zip", "https://h/other.zip", "https://h/gone"}));
  EXPECT_EQ(names("datasets"), "a a.zip");
  EXPECT_EQ(warnings_.size(), 2U);
  const auto alone = refresh({"https://h/other.zip"});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::kInvalid);
  archives_.fail("https://h/a.zip", {ErrorCode::kInterrupted, "stopped"});
  EXPECT_EQ(refresh({"https://h/other.zip", "https://h/a.zip"}).error().code,
            ErrorCode::kInterrupted);
}

TEST_F(RefineBioTest, AServerThatIsDownLeavesTheCatalogAsItIs) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  archives_.add("https://h/b.zip", dataset("2024-01-01T00:00:00", {"SRP2"}));
  ASSERT_TRUE(refresh({"https://h/a.zip", "https://h/b.zip"}));
  for (const char* place : {"https://h/a.zip", "https://h/b.zip"}) {
    archives_.fail(place, {ErrorCode::kUnavailable, "down"});
  }
  const auto summary = refresh({"https://h/a.zip", "https://h/b.zip"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(names("datasets"), "a a.zip b b.zip");
}

TEST_F(RefineBioTest, AnArchiveThatIsKnownIsKeptWhileItsServerIsDown) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  archives_.add("https://h/b.zip", dataset("2024-01-01T00:00:00", {"SRP2"}));
  ASSERT_TRUE(refresh({"https://h/a.zip"}));
  // It cannot be asked for, and the cache has what was read of it.
  archives_.fail("locate https://h/a.zip", {ErrorCode::kUnavailable, "down"});
  const auto summary = refresh({"https://h/a.zip", "https://h/b.zip"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(names("datasets"), "a a.zip b b.zip");
}

TEST_F(RefineBioTest, AKnownArchiveThatIsAnotherDocumentNowStandsAsBefore) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  archives_.add("https://h/b.zip", dataset("2024-01-01T00:00:00", {"SRP2"}));
  ASSERT_TRUE(refresh({"https://h/a.zip"}));
  archives_.replace("https://h/a.zip", 300);  // a page that asks to sign in
  const auto summary = refresh({"https://h/a.zip", "https://h/b.zip"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(names("datasets"), "a a.zip b b.zip");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("https://h/a.zip: stands as it did before"),
            std::string::npos)
      << warnings_[0];
  // Nothing of it can be read any more.
  archives_.fail("read https://h/a.zip", {ErrorCode::kChanged, "changed"});
  const auto refused = refresh({"https://h/a.zip", "https://h/b.zip"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(names("datasets"), "a a.zip b b.zip");
  allow_empty_ = true;
  ASSERT_TRUE(refresh({"https://h/a.zip", "https://h/b.zip"}));
  EXPECT_EQ(names("datasets"), "b b.zip");
}

TEST_F(RefineBioTest, OnesThatAreAllBadAreRefusedWithTheReasons) {
  archives_.add("https://h/x.zip", {{"x.txt", "no download"}});
  archives_.add("https://h/y.zip", {{"y.txt", "no download"}});
  const auto summary = refresh({"https://h/x.zip", "https://h/y.zip"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kInvalid);
  EXPECT_NE(summary.error().message.find("https://h/y.zip"), std::string::npos);
}

TEST_F(RefineBioTest, OneThatIsNamedTwiceStandsOnce) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  const auto summary = refresh({"https://h/a.zip", "https://h/a.zip"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(names("datasets"), "a a.zip");
  EXPECT_EQ(summary->warnings, 1U);
}

TEST_F(RefineBioTest, ThePublishedDigestOfTheZipIsKept) {
  archives_.add("https://h/a.zip", dataset("2024-01-01T00:00:00", {"SRP1"}));
  ASSERT_TRUE(refresh({"https://h/a.zip"}));
  const auto whole =
      snapshot_->remote_file(node_at(*snapshot_, "datasets/a.zip")->id);
  EXPECT_EQ(whole->urls, std::vector<std::string>{"https://h/a.zip"});
  EXPECT_FALSE(whole->member);
}

}  // namespace
}  // namespace omicsfs
