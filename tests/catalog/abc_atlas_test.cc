// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_atlas.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/catalog/abc_refresh.h"
#include "tests/catalog/abc_text.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

// Two releases: "genes" changed its version, "shared" did not.
void publish_pair(AbcRefresh& refresh) {
  const std::string directories =
      abc_directory_text("Mouse", "metadata", "metadata/Mouse/20230101") + "," +
      abc_directory_text("Zhuang-ABCA-9", "image_volumes",
                         "image_volumes/Zhuang-ABCA-9/20230101");
  const std::string shared = abc_files_text(
      "Zhuang-ABCA-9", "image_volumes",
      {{.path = "image_volumes/Zhuang-ABCA-9/20230101/shared.nii.gz",
        .size = "52",
        .hash = abc_hash("5")}});
  refresh.publish(
      "20230101",
      abc_manifest_text(
          "20230101", directories,
          abc_files_text("Mouse", "metadata",
                         {{.path = "metadata/Mouse/20230101/genes.csv",
                           .size = "10",
                           .hash = abc_hash("1")},
                          {.path = "metadata/Mouse/20230101/views/cells.csv",
                           .size = "20",
                           .hash = abc_hash("2")}}) +
              "," + shared));
  refresh.publish(
      "20240101",
      abc_manifest_text(
          "20240101",
          abc_directory_text("Mouse", "metadata", "metadata/Mouse/20240101") +
              "," +
              abc_directory_text("Zhuang-ABCA-9", "image_volumes",
                                 "image_volumes/Zhuang-ABCA-9/20230101"),
          abc_files_text("Mouse", "metadata",
                         {{.path = "metadata/Mouse/20240101/genes.csv",
                           .size = "11",
                           .hash = abc_hash("3"),
                           .version = "20240101"}}) +
              "," + shared));
}

TEST(AbcAtlas, TwoReleasesMakeExactlyThisTree) {
  AbcRefresh refresh;
  publish_pair(refresh);
  refresh.list_all();
  const auto summary = refresh.run();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 4U);
  EXPECT_EQ(summary->bytes, 93U);
  EXPECT_EQ(summary->newest_release, "20240101");
  EXPECT_EQ(summary->releases, 2U);
  std::string tree = tree_text(*refresh.snapshot());
  // The sizes of documents are of no interest here.
  const std::string golden = R"(README.txt
_downloaded_data.json 2 bytes, 1 links
image_volumes/
image_volumes/Zhuang-ABCA-9/
image_volumes/Zhuang-ABCA-9/20230101/
image_volumes/Zhuang-ABCA-9/20230101/shared.nii.gz 52 bytes, 3 links
latest -> releases/20240101
metadata/
metadata/Mouse/
metadata/Mouse/20230101/
metadata/Mouse/20230101/genes.csv 10 bytes, 2 links
metadata/Mouse/20230101/views/
metadata/Mouse/20230101/views/cells.csv 20 bytes, 2 links
metadata/Mouse/20240101/
metadata/Mouse/20240101/genes.csv 11 bytes, 2 links
releases/
releases/20230101/
releases/20230101/Mouse/
releases/20230101/Mouse/README.txt
releases/20230101/Mouse/metadata/
releases/20230101/Mouse/metadata/genes.csv 10 bytes, 2 links
releases/20230101/Mouse/metadata/views/
releases/20230101/Mouse/metadata/views/cells.csv 20 bytes, 2 links
releases/20230101/README.txt
releases/20230101/Zhuang-ABCA-9/
releases/20230101/Zhuang-ABCA-9/README.txt
releases/20230101/Zhuang-ABCA-9/image_volumes/
releases/20230101/Zhuang-ABCA-9/image_volumes/shared.nii.gz 52 bytes, 3 links
releases/20230101/manifest.json
releases/20240101/
releases/20240101/Mouse/
releases/20240101/Mouse/README.txt
releases/20240101/Mouse/metadata/
releases/20240101/Mouse/metadata/genes.csv 11 bytes, 2 links
releases/20240101/README.txt
releases/20240101/Zhuang-ABCA-9/
releases/20240101/Zhuang-ABCA-9/README.txt
releases/20240101/Zhuang-ABCA-9/image_volumes/
releases/20240101/Zhuang-ABCA-9/image_volumes/shared.nii.gz 52 bytes, 3 links
releases/20240101/manifest.json
)";
  for (const std::string document : {"README.txt", "manifest.json"}) {
    for (std::size_t at = tree.find(document + " "); at != std::string::npos;
         at = tree.find(document + " ", at)) {
      at += document.size();
      tree.erase(at, tree.find('\n', at) - at);
    }
  }
  EXPECT_EQ(tree, golden);
  EXPECT_TRUE(refresh.warnings.empty());
}

class AbcTree : public testing::Test {
 protected:
  std::shared_ptr<const Snapshot> refreshed() {
    refresh_.list_all();
    const auto summary = refresh_.run();
    EXPECT_TRUE(summary) << summary.error().message;
    return refresh_.snapshot();
  }

  static std::string text_at(const Snapshot& snapshot,
                             const std::string& path) {
    const auto node = node_at(snapshot, path);
    EXPECT_TRUE(node) << node.error().message;
    return *snapshot.inline_bytes(node->id, 0, node->size);
  }

  AbcRefresh refresh_;
};

TEST_F(AbcTree, ManifestsAreByteIdenticalToThoseDownloaded) {
  publish_pair(refresh_);
  const auto snapshot = refreshed();
  for (const std::string release : {"20230101", "20240101"}) {
    const std::string path = "releases/" + release + "/manifest.json";
    EXPECT_EQ(text_at(*snapshot, path),
              refresh_.web.documents["https://origin/" + path]);
  }
  EXPECT_EQ(text_at(*snapshot, "_downloaded_data.json"), "[]");
}

TEST_F(AbcTree, AFileNamesTheReleasesItIsInOldestFirst) {
  publish_pair(refresh_);
  const auto snapshot = refreshed();
  const auto releases = [&snapshot](const std::string& path) {
    return **snapshot->xattr(node_at(*snapshot, path)->id, "omicsfs.release");
  };
  EXPECT_EQ(releases("image_volumes/Zhuang-ABCA-9/20230101/shared.nii.gz"),
            "20230101 20240101");
  EXPECT_EQ(releases("metadata/Mouse/20240101/genes.csv"), "20240101");
}

TEST_F(AbcTree, DatesAreThoseOfTheVersions) {
  publish_pair(refresh_);
  refresh_.publish("next", abc_small_manifest(
                               "next", {{.path = "k/D/1/x", .version = "?"}}));
  const auto snapshot = refreshed();
  constexpr std::int64_t k20230101 = 1672531200;
  constexpr std::int64_t k20240101 = 1704067200;
  const auto mtime = [&snapshot](const std::string& path) {
    return node_at(*snapshot, path)->mtime;
  };
  EXPECT_EQ(mtime("metadata/Mouse/20230101/genes.csv"), k20230101);
  EXPECT_EQ(mtime("releases/20240101/Mouse/metadata/genes.csv"), k20240101);
  EXPECT_EQ(mtime("releases/20230101"), k20230101);
  EXPECT_EQ(mtime("releases/20230101/Mouse/metadata/views"), k20230101);
  EXPECT_EQ(mtime("releases/20240101/manifest.json"), k20240101);
  EXPECT_EQ(mtime("releases/next"), k20240101);
  EXPECT_EQ(mtime("k/D/1/x"), kFixedDate);
}

TEST_F(AbcTree, UrlsFollowTheBaseUrlWhereOneIsSet) {
  refresh_.publish("1", abc_small_manifest("1", {{.path = "k/D/1/a b+c.csv"}}));
  const auto snapshot = refreshed();
  const NodeId id = node_at(*snapshot, "k/D/1/a b+c.csv")->id;
  EXPECT_EQ(snapshot->remote_file(id)->urls,
            std::vector<std::string>{"https://origin/k/D/1/a%20b%2Bc.csv"});
}

TEST_F(AbcTree, UrlsAreTheManifestsWhereNoBaseUrlIsSet) {
  refresh_.settings = {"", {"1"}};
  refresh_.web.documents[std::string(kAbcAtlas.default_base_url) +
                         "releases/1/manifest.json"] =
      abc_small_manifest("1", {{.path = "k/D/1/x"}});
  ASSERT_TRUE(refresh_.run());
  const auto snapshot = refresh_.snapshot();
  const NodeId id = node_at(*snapshot, "k/D/1/x")->id;
  EXPECT_EQ(snapshot->remote_file(id)->urls,
            std::vector<std::string>{"https://bucket/k/D/1/x"});
}

TEST_F(AbcTree, TheNewestWinsWhereReleasesContradictEachOther) {
  const std::string path = "k/D/1/x";
  refresh_.publish(
      "1", abc_small_manifest(
               "1", {{.path = path, .size = "10", .hash = abc_hash("a")}}));
  refresh_.publish(
      "2", abc_small_manifest(
               "2", {{.path = path, .size = "20", .hash = abc_hash("b")}}));
  refresh_.publish(
      "3", abc_small_manifest(
               "3", {{.path = path, .size = "20", .hash = abc_hash("b")}}));
  const auto snapshot = refreshed();
  const NodeFacts bucket = *node_at(*snapshot, path);
  EXPECT_EQ(bucket.size, 20U);
  EXPECT_EQ(bucket.links, 3U);
  EXPECT_EQ(node_at(*snapshot, "releases/2/D/k/x")->id, bucket.id);
  EXPECT_EQ(node_at(*snapshot, "releases/3/D/k/x")->id, bucket.id);
  const NodeFacts old = *node_at(*snapshot, "releases/1/D/k/x");
  EXPECT_EQ(old.size, 10U);
  EXPECT_EQ(old.links, 1U);
  EXPECT_EQ(snapshot->remote_file(old.id)->digest->hex, abc_hash("a"));
  EXPECT_EQ(**snapshot->xattr(old.id, "omicsfs.release"), "1");
}

TEST_F(AbcTree, ADigestThatOneReleaseLacksIsTakenFromAnother) {
  for (const bool newest_has_it : {true, false}) {
    AbcRefresh refresh;
    const AbcFileText with{.path = "k/D/1/x", .hash = abc_hash("a")};
    const AbcFileText without{.path = "k/D/1/x"};
    refresh.publish("1",
                    abc_small_manifest("1", {newest_has_it ? without : with}));
    refresh.publish("2",
                    abc_small_manifest("2", {newest_has_it ? with : without}));
    refresh.list_all();
    ASSERT_TRUE(refresh.run());
    const auto snapshot = refresh.snapshot();
    const NodeFacts file = *node_at(*snapshot, "k/D/1/x");
    EXPECT_EQ(file.links, 3U);
    EXPECT_EQ(snapshot->remote_file(file.id)->digest->hex, abc_hash("a"));
  }
}

TEST_F(AbcTree, EqualBytesAtTwoPathsAreTwoFilesOfOneContent) {
  refresh_.publish("1", abc_small_manifest(
                            "1", {{.path = "k/D/1/x", .hash = abc_hash("a")},
                                  {.path = "k/D/1/y", .hash = abc_hash("a")}}));
  const auto snapshot = refreshed();
  const NodeFacts x = *node_at(*snapshot, "k/D/1/x");
  const NodeFacts y = *node_at(*snapshot, "k/D/1/y");
  EXPECT_NE(x.id, y.id);
  EXPECT_EQ(content_key(*snapshot->remote_file(x.id)),
            content_key(*snapshot->remote_file(y.id)));
}

TEST_F(AbcTree, ReadmesTellWhatThereIs) {
  publish_pair(refresh_);
  const auto snapshot = refreshed();
  EXPECT_EQ(text_at(*snapshot, "releases/20240101/Zhuang-ABCA-9/README.txt"),
            "Zhuang-ABCA-9, in release 20240101 of the Allen Brain Cell Atlas\n"
            "\n"
            "Files:   1\n"
            "Bytes:   52\n"
            "Licence: CC BY 4.0\n"
            "From:    https://origin/\n"
            "\n"
            "Kind                       Files            Bytes\n"
            "image_volumes                  1               52\n"
            "\n"
            "image_volumes is https://origin/image_volumes/Zhuang-ABCA-9/"
            "20230101/\n");
  const std::string release =
      text_at(*snapshot, "releases/20230101/README.txt");
  EXPECT_NE(release.find("Files:   3\nBytes:   82\n"), std::string::npos)
      << release;
  EXPECT_NE(release.find("CC BY-NC 4.0"), std::string::npos);
  const std::string root = text_at(*snapshot, "README.txt");
  EXPECT_NE(root.find("Files:   4\nBytes:   93\n"), std::string::npos) << root;
}

TEST_F(AbcTree, TwoRefreshesOfTheSameDocumentsAreAlike) {
  publish_pair(refresh_);
  const auto first = refreshed();
  const auto second = refreshed();
  EXPECT_EQ(second->header().generation, first->header().generation + 1);
  EXPECT_EQ(tree_text(*first), tree_text(*second));
  EXPECT_EQ(text_at(*first, "README.txt"), text_at(*second, "README.txt"));
}

TEST_F(AbcTree, OnlyManifestsOfReleasesAreTakenFromTheListing) {
  refresh_.publish("1", abc_small_manifest("1", {{.path = "k/D/1/x"}}));
  refresh_.publish("1/old", "not a manifest");
  refresh_.web.documents["https://origin/releases/notes.json"] = "not one";
  const auto snapshot = refreshed();
  EXPECT_EQ(refresh_.web.asked.size(), 2U);
}

TEST_F(AbcTree, OnlyTheReleasesOfTheSettingsAreTaken) {
  publish_pair(refresh_);
  refresh_.settings.releases = {"20230101", "20230101"};
  ASSERT_TRUE(refresh_.run());
  const auto snapshot = refresh_.snapshot();
  EXPECT_FALSE(node_at(*snapshot, "releases/20240101"));
  EXPECT_EQ(*snapshot->symlink_target(node_at(*snapshot, "latest")->id),
            "releases/20230101");
  EXPECT_EQ(refresh_.web.asked.size(), 1U) << "no listing";
}

TEST_F(AbcTree, AManifestOfAnotherVersionIsOnlyTold) {
  refresh_.publish("1", abc_small_manifest("2", {{.path = "k/D/1/x"}}));
  refreshed();
  EXPECT_EQ(
      refresh_.warnings,
      std::vector<std::string>{"releases/1/manifest.json: /version: is \"2\""});
}

TEST_F(AbcTree, PropertiesSumItUp) {
  publish_pair(refresh_);
  const auto snapshot = refreshed();
  EXPECT_EQ(**snapshot->property("title"), "Allen Brain Cell Atlas");
  EXPECT_EQ(**snapshot->property("files"), "4");
  EXPECT_EQ(**snapshot->property("bytes"), "93");
  EXPECT_EQ(**snapshot->property("newest_release"), "20240101");
  EXPECT_EQ(**snapshot->property("releases"), "2");
}

TEST_F(AbcTree, AFaultyReleaseIsLeftOutWithAWarning) {
  publish_pair(refresh_);
  refresh_.publish("20250101", R"({"version": 7})");
  refresh_.publish("20250102",
                   abc_small_manifest("20250102", {{.path = "../x"}}));
  refresh_.list_all();
  // One more is listed, and is not there.
  refresh_.publish("20250103", "");
  refresh_.list_all();
  refresh_.web.documents.erase(
      "https://origin/releases/20250103/manifest.json");
  const auto summary = refresh_.run();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->releases, 2U);
  EXPECT_EQ(summary->newest_release, "20240101");
  EXPECT_EQ(summary->warnings, 3U);
  const std::string text = [this] {
    const auto snapshot = refresh_.snapshot();
    const auto node = snapshot->lookup(kRootNode, "README.txt");
    return *snapshot->inline_bytes(node->id, 0, node->size);
  }();
  EXPECT_NE(text.find("Warnings of the last refresh: 3"), std::string::npos);
  EXPECT_NE(text.find("release 20250101 is left out"), std::string::npos);
}

TEST_F(AbcTree, AKnownReleaseThatIsUnreadableNowStandsAsBefore) {
  const std::string place = "https://origin/releases/20240101/manifest.json";
  publish_pair(refresh_);
  (void)refreshed();
  const std::string good = refresh_.web.documents[place];
  for (const std::string& text :
       {std::string("<html>sign in</html>"), std::string(),
        good.substr(0, good.size() / 2),
        abc_manifest_text("20240101", "", "")}) {
    refresh_.web.documents[place] = text;
    refresh_.warnings.clear();
    const auto summary = refresh_.run();
    ASSERT_TRUE(summary) << text << summary.error().message;
    EXPECT_EQ(summary->files, 4U) << text;
    ASSERT_EQ(refresh_.warnings.size(), 1U) << text;
    EXPECT_TRUE(refresh_.warnings[0].starts_with(
        "release 20240101 stands as it did before: "))
        << refresh_.warnings[0];
    EXPECT_EQ(text_at(*refresh_.snapshot(), "releases/20240101/manifest.json"),
              good);
  }
  refresh_.allow_empty = true;
  ASSERT_TRUE(refresh_.run());
  EXPECT_EQ(text_at(*refresh_.snapshot(), "releases/20240101/manifest.json"),
            abc_manifest_text("20240101", "", ""));
  refresh_.web.documents[place] = "";
  EXPECT_EQ(refresh_.run()->releases, 1U);
}

TEST_F(AbcTree, ReleasesOfAnotherBucketAreNotThoseThatWereKnown) {
  publish_pair(refresh_);
  (void)refreshed();
  for (const auto& [place, text] : std::map(refresh_.web.documents)) {
    std::string other = place;
    refresh_.web.documents[other.replace(8, 6, "second")] = text;
  }
  refresh_.web.documents["https://second/releases/20240101/manifest.json"] = "";
  refresh_.settings.base_url = "https://second";
  const auto summary = refresh_.run();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->releases, 1U);
}

TEST_F(AbcTree, FaultyReleasesAloneLeaveTheCurrentSnapshot) {
  publish_pair(refresh_);
  const std::string before = tree_text(*refreshed());
  refresh_.publish("20230101", "[]");
  refresh_.publish("20240101", "{}");
  const auto summary = refresh_.run();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kInvalid);
  EXPECT_NE(summary.error().message.find("release 20230101"),
            std::string::npos);
  EXPECT_EQ(tree_text(*refresh_.snapshot()), before);
}

TEST_F(AbcTree, AFileWhereAnotherReleaseHasADirectoryIsInItsReleaseAlone) {
  refresh_.publish("1", abc_small_manifest("1", {{.path = "k/D/1/x"}}));
  refresh_.publish("2", abc_small_manifest("2", {{.path = "k/D/1/x/y"}}));
  const std::string tree = tree_text(*refreshed());
  EXPECT_NE(tree.find("releases/1/D/k/x"), std::string::npos) << tree;
  EXPECT_NE(tree.find("k/D/1/x/y"), std::string::npos) << tree;
  ASSERT_EQ(refresh_.warnings.size(), 1U);
  EXPECT_TRUE(refresh_.warnings[0].starts_with(
      "releases/1/manifest.json: /file_listing/D/k/tag0/files/csv: left out"))
      << refresh_.warnings[0];
}

TEST_F(AbcTree, AUrlThatIsMissingIsToldWithItsPlace) {
  refresh_.settings = {"", {"1"}};
  refresh_.web.documents[std::string(kAbcAtlas.default_base_url) +
                         "releases/1/manifest.json"] =
      abc_manifest_text("1", "",
                        R"("D":{"k":{"t":{"files":{"c":)"
                        R"({"relative_path":"x","size":1}}}}})");
  const std::string message = refresh_.run().error().message;
  EXPECT_NE(message.find("releases/1/manifest.json: "), std::string::npos);
  EXPECT_NE(message.find("/file_listing/D/k/t/files/c: lacks the key \"url\""),
            std::string::npos)
      << message;
}

TEST_F(AbcTree, NoReleaseAtAllIsNotFound) {
  refresh_.list_all();
  EXPECT_EQ(refresh_.run().error().code, ErrorCode::kNotFound);
  refresh_.settings.releases = {"9"};
  EXPECT_EQ(refresh_.run().error().code, ErrorCode::kInvalid);
  refresh_.settings.releases = {"../9"};
  EXPECT_EQ(refresh_.run().error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace omicsfs
