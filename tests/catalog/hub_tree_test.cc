// SPDX-License-Identifier: MIT
#include "catalog/hub_tree.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace omicsfs {
namespace {

constexpr char kHubTree[] = R"([
  {"type": "directory", "oid": "1", "size": 0, "path": "atlas"},
  {"type": "file", "oid": "2", "size": 2251, "path": "README.md"},
  {"type": "file", "oid": "3", "size": 84868104, "path": "atlas/a b_embs.npz",
   "lfs": {"oid":
     "d88b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9",
     "size": 84868104, "pointerSize": 133}}
])";

TEST(HubTree, FilesHaveSizesAndDigests) {
  const auto files = parse_hub_tree(kHubTree);
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2U) << "a folder is no file";
  EXPECT_EQ(files->at(0), (HubFile{"README.md", 2251}))
      << "git's hash is of more than the bytes";
  EXPECT_EQ(files->at(1).path, "atlas/a b_embs.npz");
  EXPECT_EQ(to_string(*files->at(1).digest).substr(0, 15), "sha256:d88b0d6a");
}

TEST(HubTree, ThatIsNoneIsRefusedNamingThePlace) {
  for (const auto& [text, place] : {
           std::pair{"[1]", "/0"},
           std::pair{R"([{"path": "a", "size": 1}])", "/0"},
           std::pair{R"([{"type": "file", "size": 1}])", "/0"},
           std::pair{R"([{"type": "file", "path": "a"}])", "/0"},
           std::pair{R"([{"type": "file", "path": "a", "size": -1}])",
                     "/0/size"},
           std::pair{R"([{"type": "file", "path": "a", "size": 1,
                         "lfs": {"oid": "12"}}])",
                     "/0/lfs/oid"},
           std::pair{R"({"error": "no"})", "(root)"},
           std::pair{"[", "JSON"},
       }) {
    const auto files = parse_hub_tree(text);
    ASSERT_FALSE(files) << text;
    EXPECT_EQ(files.error().code, ErrorCode::kInvalid);
    EXPECT_NE(files.error().message.find(place), std::string::npos)
        << files.error().message;
  }
}

TEST(HubTree, TellsWhereItsFilesAre) {
  const std::string hub = "https://huggingface.co";
  const std::string files = hub + "/datasets/o/n/resolve/";
  EXPECT_EQ(hub_tree_files(hub + "/api/datasets/o/n/tree/main?recursive=true"),
            files + "main/");
  EXPECT_EQ(hub_tree_files(hub + "/api/datasets/o/n/tree/refs%2Fpr%2F1/a/b"),
            files + "refs%2Fpr%2F1/");
  EXPECT_EQ(hub_tree_files("http://h:8080/api/models/o/n/tree/4f2a/atlas"),
            "http://h:8080/o/n/resolve/4f2a/");
  EXPECT_EQ(hub_tree_files("http://h/hub/api/datasets/o/n/tree/main"),
            "http://h/hub/datasets/o/n/resolve/main/");
  for (const char* other :
       {"", "/api/datasets/o/n/tree/main", "https://h/tree.json",
        "https://h/datasets/o/n/tree/main", "https://h", "https://h/api/tree/x",
        "https://h/api//tree/x", "https://h/api/models//tree/x",
        "https://h/api/datasets/o/n/tree/",
        "https://h/a?b=/api/datasets/o/n/tree/main"}) {
    EXPECT_EQ(hub_tree_files(other), "") << other;
  }
}

TEST(HubTree, TellsTheFolderThatItIsOf) {
  const std::string tree = "https://hub/api/datasets/o/n/tree/";
  EXPECT_EQ(hub_tree_folder(tree + "main?recursive=true"), "");
  EXPECT_EQ(hub_tree_folder(tree + "main/a%20b/c?recursive=true"), "a b/c/");
  EXPECT_EQ(hub_tree_folder(tree + "refs%2Fpr%2F1/a/"), "a/");
  EXPECT_EQ(hub_tree_folder("https://h/tree.json"), "");
}

TEST(HubTree, IsReadAsTheHubTellsIt) {
  const std::string sample =
      std::string(OMICSFS_SHARED_DATA) + "/catalogues/hf_tree_example.json";
  std::ifstream file(sample);
  if (!file) {
    GTEST_SKIP() << sample << " is not here";
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto files = parse_hub_tree(text);
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 3U);
  EXPECT_EQ(files->at(2).path, "atlas/step_0__predict_part_0_0_embs.npz");
  EXPECT_EQ(files->at(2).size, 84'868'104U);
  EXPECT_TRUE(files->at(2).digest);
}

}  // namespace
}  // namespace omicsfs
