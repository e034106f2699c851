// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "catalog/json_fields.h"
#include "catalog/snapshot.h"
#include "catalog/tree_builder.h"
#include "fs/settings.h"
#include "fs/snapshot_path.h"
#include "fs/source_report.h"
#include "fs/tree_listing.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

constexpr std::int64_t kMay31 = 1'748'649'600;  // 2025-05-31 00:00 UTC

void add_nodes(TreeBuilder& tree) {
  const RemoteFile remote{{"http://h/a.h5ad"}, 123'456, std::nullopt, "v1"};
  const auto file = tree.add_file("data/one/a.h5ad", remote, kMay31);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(tree.add_link("releases/2/a.h5ad", *file));
  ASSERT_TRUE(tree.add_inline_file("README.txt", "hello", kMay31));
  ASSERT_TRUE(tree.add_symlink("latest", "releases/2", kMay31));
  ASSERT_TRUE(tree.add_symlink("releases/up", "../latest/a.h5ad", kMay31));
  ASSERT_TRUE(tree.add_symlink("releases/out", "/etc/passwd", kMay31));
  ASSERT_TRUE(tree.add_symlink("releases/loop", "loop", kMay31));
}

class SnapshotBrowse : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.state_dir = temporary_.path();
    const auto next = next_snapshot(settings_.state_dir, "abc-atlas");
    ASSERT_TRUE(next) << next.error().message;
    path_ = next->path;
    write({"abc-atlas", next->generation, kMay31});
    auto opened = Snapshot::open(path_);
    ASSERT_TRUE(opened) << opened.error().message;
    snapshot_ = *std::move(opened);
  }
  void TearDown() override { std::filesystem::remove_all(settings_.state_dir); }

  void write(const SnapshotHeader& header) {
    auto writer = SnapshotWriter::create(path_, header);
    ASSERT_TRUE(writer) << writer.error().message;
    auto tree = TreeBuilder::create(*writer, kMay31);
    ASSERT_TRUE(tree) << tree.error().message;
    add_nodes(*tree);
    ASSERT_TRUE(writer->set_property("files", "333"));
    ASSERT_TRUE(writer->set_property("bytes", "646800000000"));
    ASSERT_TRUE(writer->set_property("releases", "2"));
    ASSERT_TRUE(writer->set_property("newest_release", "20250531"));
    ASSERT_TRUE(writer->set_property("note", note_));
    const auto committed = writer->commit();
    ASSERT_TRUE(committed) << committed.error().message;
  }

  [[nodiscard]] std::vector<ListingLine> list(const std::string& path) const {
    const auto entries = list_path(*snapshot_, path);
    EXPECT_TRUE(entries) << path << ": " << entries.error().message;
    return entries ? *entries : std::vector<ListingLine>();
  }

  TemporaryDirectory temporary_;
  Settings settings_;
  std::filesystem::path path_;
  std::string note_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(SnapshotBrowse, FindsFilesByEveryWayToThem) {
  const auto file = find_path(*snapshot_, "data/one/a.h5ad");
  ASSERT_TRUE(file) << file.error().message;
  for (const char* path : {"releases/2/a.h5ad", "latest/a.h5ad", "releases/up",
                           "/data//one/a.h5ad", "data/./one/../one/a.h5ad",
                           "../../data/one/a.h5ad", "latest/../up"}) {
    const auto same = find_path(*snapshot_, path);
    ASSERT_TRUE(same) << path << ": " << same.error().message;
    EXPECT_EQ(same->id, file->id) << path;
  }
}

TEST_F(SnapshotBrowse, TheFirstPathOfANodeLeadsToIt) {
  EXPECT_EQ(*first_path(*snapshot_, kRootNode), "");
  for (const char* path :
       {"data", "data/one", "data/one/a.h5ad", "README.txt", "releases/2"}) {
    EXPECT_EQ(*first_path(*snapshot_, find_path(*snapshot_, path)->id), path);
  }
  EXPECT_EQ(first_path(*snapshot_, 4711).error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotBrowse, FindsNothingWhereThereIsNothing) {
  for (const char* path : {"dat", "data/two", "README.txt/x", "releases/out",
                           "releases/loop", "latest/nope", "README.txt/."}) {
    const auto node = find_path(*snapshot_, path);
    ASSERT_FALSE(node) << path;
    EXPECT_EQ(node.error().code, ErrorCode::kNotFound) << path;
    EXPECT_NE(node.error().message.find(path), std::string::npos);
  }
}

TEST_F(SnapshotBrowse, ListsTheRoot) {
  EXPECT_EQ(short_listing(list("")), "README.txt\ndata/\nlatest\nreleases/\n");
}

TEST_F(SnapshotBrowse, ListsDetails) {
  EXPECT_EQ(long_listing(list("")),
            "-r--r--r--  1   5  2025-05-31 00:00  README.txt\n"
            "dr-xr-xr-x  3   0  2025-05-31 00:00  data/\n"
            "lrwxrwxrwx  1  10  2025-05-31 00:00  latest -> releases/2\n"
            "dr-xr-xr-x  3   0  2025-05-31 00:00  releases/\n");
}

TEST_F(SnapshotBrowse, ListsAFileAsItself) {
  EXPECT_EQ(long_listing(list("latest/a.h5ad")),
            "-r--r--r--  2  123456  2025-05-31 00:00  a.h5ad\n");
}

TEST_F(SnapshotBrowse, ListsJson) {
  const auto json = JsonValue::parse(json_listing(list("")));
  ASSERT_TRUE(json) << json.error().message;
  const auto entries = json->elements();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 4U);
  EXPECT_EQ(*(*entries)[0].at("name")->as_string(), "README.txt");
  EXPECT_EQ(*(*entries)[0].at("type")->as_string(), "file");
  EXPECT_EQ(*(*entries)[0].at("size")->as_size(), 5U);
  EXPECT_EQ(*(*entries)[2].at("target")->as_string(), "releases/2");
  EXPECT_EQ(*(*entries)[1].at("mtime")->as_string(), "2025-05-31T00:00:00Z");
  EXPECT_EQ(json_listing({}), "[]\n");
}

TEST_F(SnapshotBrowse, ReportsARefreshedSource) {
  const auto reports = report_sources(settings_);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(sources_table({reports[0]}),
            "SOURCE     NEWEST    FILES      SIZE  REFRESHED\n"
            "abc-atlas  20250531    333  646.8 GB  2025-05-31 00:00 UTC\n");
  const auto json = JsonValue::parse(sources_json(reports));
  ASSERT_TRUE(json) << json.error().message;
  const auto first = json->elements()->at(0);
  EXPECT_EQ(*first.at("name")->as_string(), "abc-atlas");
  EXPECT_EQ(*first.at("refreshed")->as_string(), "2025-05-31T00:00:00Z");
  EXPECT_EQ(*first.at("bytes")->as_size(), 646'800'000'000U);
  EXPECT_EQ(*first.at("releases")->as_size(), 2U);
}

TEST_F(SnapshotBrowse, ReportsWhatIsToBeKnownOfASource) {
  EXPECT_FALSE(JsonValue::parse(sources_json(report_sources(settings_)))
                   ->elements()
                   ->at(0)
                   .find("note"));
  note_ = "1 of 5 subsets are incomplete";
  const auto next = next_snapshot(settings_.state_dir, "abc-atlas");
  ASSERT_TRUE(next) << next.error().message;
  path_ = next->path;
  write({"abc-atlas", next->generation, kMay31});
  const auto reports = report_sources(settings_);
  EXPECT_NE(sources_table(reports).find("2025-05-31 00:00 UTC; 1 of 5 subsets "
                                        "are incomplete\n"),
            std::string::npos);
  const auto json = JsonValue::parse(sources_json(reports));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(*json->elements()->at(0).at("note")->as_string(), note_);
}

TEST_F(SnapshotBrowse, ReportsASourceThatWasNeverRefreshed) {
  settings_.state_dir /= "empty";
  const auto reports = report_sources(settings_);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports[0].trouble, "");
  EXPECT_NE(sources_table(reports).find("not refreshed yet"),
            std::string::npos);
  const auto json = JsonValue::parse(sources_json(reports));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_FALSE(json->elements()->at(0).find("refreshed"));
}

TEST_F(SnapshotBrowse, ReportsADamagedSnapshotAsTrouble) {
  std::ofstream(path_, std::ios::trunc) << "not a database";
  const auto reports = report_sources(settings_);
  ASSERT_FALSE(reports.empty());
  EXPECT_NE(reports[0].trouble, "");
  EXPECT_TRUE(JsonValue::parse(sources_json(reports)));
  settings_.state_dir = path_.parent_path().parent_path().parent_path();
}

TEST(SourceReport, ShowsTheBaseUrlThatIsSet) {
  Settings settings;
  settings.state_dir = "/nonexistent";
  settings.sources["abc-atlas"].base_url = "http://mine/";
  EXPECT_EQ(report_sources(settings).at(0).base_url, "http://mine/");
  EXPECT_TRUE(report_sources({}).at(0).base_url.starts_with("http"));
}

TEST(SummaryText, CountsInWords) {
  EXPECT_EQ(summary_text("abc-atlas", {333, 646'800'000'000, "20250531", 2}),
            "abc-atlas: 2 releases, newest 20250531, 333 files, 646.8 GB");
  EXPECT_EQ(summary_text("x", {1, 7, "", 1}), "x: 1 release, 1 file, 7 B");
}

}  // namespace
}  // namespace omicsfs
