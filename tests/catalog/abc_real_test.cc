// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "catalog/json_fields.h"
#include "tests/catalog/abc_refresh.h"
#include "tests/catalog/tree_text.h"

// The provider's own manifests, where a copy of them is at hand.

namespace omicsfs {
namespace {

const std::vector<std::string> kReleases = {"20231215", "20250531"};

std::filesystem::path manifest_of(const std::string& release) {
  return std::filesystem::path(OMICSFS_SHARED_DATA) / "abc" /
         ("manifest_" + release + ".json");
}

// All FILE objects below `value`, found by their shape alone: independently of
// how the source walks the document.
void collect_files(const JsonValue& value, std::vector<JsonValue>& files) {
  if (!value.is_object()) {
    return;
  }
  if (value.find("relative_path").has_value() &&
      value.find("size").has_value()) {
    files.push_back(value);
    return;
  }
  const auto members = value.members();
  for (const auto& [name, member] : *members) {
    collect_files(member, files);
  }
}

class AbcReal : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& release : kReleases) {
      if (!std::filesystem::exists(manifest_of(release))) {
        GTEST_SKIP() << "shared data absent";
      }
      refresh_.publish(release, read_file(manifest_of(release)));
    }
    refresh_.list_all();
    const auto summary = refresh_.run();
    ASSERT_TRUE(summary) << summary.error().message;
    summary_ = *summary;
    snapshot_ = refresh_.snapshot();
  }

  std::vector<JsonValue> files_of(const std::string& release) {
    const auto root = JsonValue::parse(read_file(manifest_of(release)));
    std::vector<JsonValue> files;
    collect_files(*root->find("file_listing"), files);
    return files;
  }

  AbcRefresh refresh_;
  SourceSummary summary_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(AbcReal, EveryPathHasTheSizeAndDigestOfItsManifest) {
  for (const std::string& release : kReleases) {
    for (const JsonValue& file : files_of(release)) {
      const std::string path = *file.find("relative_path")->as_string();
      const auto node = node_at(*snapshot_, path);
      ASSERT_TRUE(node) << path;
      const RemoteFile remote = *snapshot_->remote_file(node->id);
      EXPECT_EQ(node->size, *file.find("size")->as_size()) << path;
      EXPECT_EQ(remote.size, node->size);
      EXPECT_EQ(remote.digest->hex, *file.find("file_hash")->as_string());
      // Files with equal bytes share their urls.
      EXPECT_EQ(std::count(remote.urls.begin(), remote.urls.end(),
                           "https://origin/" + path),
                1);
    }
  }
}

TEST_F(AbcReal, EveryFileOfAReleaseStandsInItsView) {
  const std::vector<std::size_t> counts = {243, 333};
  for (std::size_t index = 0; index < kReleases.size(); ++index) {
    std::set<NodeId> nodes;
    const std::string view =
        tree_text(*snapshot_, "releases/" + kReleases[index]);
    for (std::size_t at = 0; at < view.size(); at = view.find('\n', at) + 1) {
      const std::string line = view.substr(at, view.find('\n', at) - at);
      const std::string path = line.substr(0, line.find(' '));
      const auto node =
          node_at(*snapshot_,
                  path.ends_with("/") ? path.substr(0, path.size() - 1) : path);
      ASSERT_TRUE(node) << line;
      if (node->kind == NodeKind::kRemoteFile) {
        nodes.insert(node->id);
      }
    }
    EXPECT_EQ(nodes.size(), counts[index]);
  }
}

TEST_F(AbcReal, TheCommonPathsAreOneNodeWithThreeNames) {
  std::set<std::string> old_paths;
  for (const JsonValue& file : files_of(kReleases[0])) {
    old_paths.insert(*file.find("relative_path")->as_string());
  }
  int common = 0;
  for (const JsonValue& file : files_of(kReleases[1])) {
    const std::string path = *file.find("relative_path")->as_string();
    const bool both = old_paths.count(path) != 0;
    const NodeFacts node = *node_at(*snapshot_, path);
    EXPECT_EQ(node.links, both ? 3U : 2U) << path;
    EXPECT_EQ(**snapshot_->xattr(node.id, "omicsfs.release"),
              both ? "20231215 20250531" : "20250531");
    common += both ? 1 : 0;
  }
  EXPECT_EQ(common, 101);
  EXPECT_EQ(summary_.files, 243U + 333U - 101U);
}

TEST_F(AbcReal, TheManifestsAreByteIdenticalAndNothingIsOdd) {
  for (const std::string& release : kReleases) {
    const NodeFacts node =
        *node_at(*snapshot_, "releases/" + release + "/manifest.json");
    EXPECT_EQ(*snapshot_->inline_bytes(node.id, 0, node.size),
              read_file(manifest_of(release)));
  }
  EXPECT_TRUE(refresh_.warnings.empty());
}

}  // namespace
}  // namespace omicsfs
