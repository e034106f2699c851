// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2_listing.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "catalog/sources/scprint2_name.h"

namespace omicsfs {
namespace {

constexpr char kTree[] = R"([
  {"type": "directory", "oid": "1", "size": 0, "path": "atlas"},
  {"type": "file", "oid": "2", "size": 2251, "path": "README.md"},
  {"type": "file", "oid": "3", "size": 84868104, "path": "atlas/a b_embs.npz",
   "lfs": {"oid":
     "d88b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9",
     "size": 84868104, "pointerSize": 133}}
])";

std::string s3_page(const std::string& key, const std::string& token) {
  return "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>" +
         std::string(token.empty() ? "false" : "true") + "</IsTruncated>" +
         (token.empty() ? ""
                        : "<NextContinuationToken>" + token +
                              "</NextContinuationToken>") +
         "<Contents><Key>folder/</Key><Size>0</Size></Contents>"
         "<Contents><Key>" +
         key +
         "</Key><Size>12</Size><ETag>\"e\"</ETag>"
         "<LastModified>2024-09-19T14:14:40.000Z</LastModified></Contents>"
         "</ListBucketResult>";
}

TEST(Scprint2Listing, HasItsFormByItsContent) {
  EXPECT_EQ(scprint2_form(kTree), Scprint2Form::kHuggingFace);
  EXPECT_EQ(scprint2_form(s3_page("a", "")), Scprint2Form::kS3);
  EXPECT_EQ(scprint2_form("\n<Error><Code>NoSuchKey</Code></Error>"),
            Scprint2Form::kS3);
  EXPECT_EQ(scprint2_form("<!DOCTYPE html><html>"), Scprint2Form::kHttpIndex);
  EXPECT_EQ(scprint2_form("a.npz 12\n"), Scprint2Form::kNames);
  EXPECT_EQ(scprint2_form(""), Scprint2Form::kNames);
  EXPECT_EQ(scprint2_form(R"({"error": "Repository not found"})"),
            std::nullopt);
}

TEST(Scprint2Listing, OfATreeHasSizesAndDigests) {
  const auto page = parse_scprint2_page(kTree);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->files.size(), 2U);
  EXPECT_EQ(page->files[0].path, "README.md");
  EXPECT_EQ(page->files[0].size, 2251U);
  EXPECT_FALSE(page->files[0].digest) << "git's hash is of more than the bytes";
  EXPECT_EQ(page->files[1].path, "atlas/a b_embs.npz");
  EXPECT_EQ(to_string(*page->files[1].digest).substr(0, 15), "sha256:d88b0d6a");
}

TEST(Scprint2Listing, OfATreeThatIsNoneIsRefusedNamingThePlace) {
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
           std::pair{R"({"error": "no"})", "error"},
           std::pair{"<html>", "web page"},
       }) {
    const auto page = parse_scprint2_page(text);
    ASSERT_FALSE(page) << text;
    EXPECT_NE(page.error().message.find(place), std::string::npos)
        << page.error().message;
  }
}

TEST(Scprint2Listing, OfABucketHasEtagsAndDates) {
  const auto page = parse_scprint2_page(s3_page("a/b.npz", "t/1"));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->files.size(), 1U) << "a directory is no file";
  EXPECT_EQ(page->files[0],
            (Scprint2File{"a/b.npz", 12, std::nullopt, "\"e\"", 1726755280}));
  EXPECT_EQ(page->token, "t/1");
}

TEST(Scprint2Listing, OfNamesHasSizesWhereTheyAreTold) {
  const auto page = parse_scprint2_page(
      "# of the atlas\r\n\nx/a.npz\t12\r\n  b.npz  \nc d.npz 7\ne.npz 7x\n18 "
      "446744073709551616");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->files,
            (std::vector<Scprint2File>{{"x/a.npz", 12},
                                       {"b.npz", std::nullopt},
                                       {"c d.npz", 7},
                                       {"e.npz 7x", std::nullopt},
                                       {"18", 446744073709551616U}}));
}

TEST(Scprint2Listing, TellsWhereItsFilesAre) {
  using Form = Scprint2Form;
  const std::string hub = "https://huggingface.co";
  EXPECT_EQ(scprint2_base(hub + "/api/datasets/o/n/tree/main?recursive=true",
                          Form::kHuggingFace),
            hub + "/datasets/o/n/resolve/main/");
  EXPECT_EQ(scprint2_base(hub + "/api/models/o/n/tree/4f2a/atlas",
                          Form::kHuggingFace),
            hub + "/o/n/resolve/4f2a/");
  EXPECT_EQ(scprint2_base("https://h/tree.json", Form::kHuggingFace), "");
  EXPECT_EQ(scprint2_base("https://b.s3.org?list-type=2", Form::kS3),
            "https://b.s3.org/");
  EXPECT_EQ(scprint2_base("https://s3.org/b?list-type=2&prefix=a/", Form::kS3),
            "https://s3.org/b/");
  EXPECT_EQ(scprint2_base("http://h:8/a/names.txt?v=/1", Form::kNames),
            "http://h:8/a/");
  EXPECT_EQ(scprint2_base("http://h", Form::kNames), "http://h/");
  EXPECT_EQ(scprint2_base("/home/ada/names.txt", Form::kNames), "");
}

TEST(Scprint2Listing, GoesOnBehindAToken) {
  EXPECT_EQ(next_s3_url("https://b/", "a/+="),
            "https://b/?continuation-token=a%2F%2B%3D");
  EXPECT_EQ(
      next_s3_url("https://b/?list-type=2&continuation-token=x&prefix=a", "y"),
      "https://b/?list-type=2&prefix=a&continuation-token=y");
}

class ReadScprint2Listing : public ::testing::Test {
 protected:
  Result<Scprint2Listing> read(const std::string& place) {
    return read_scprint2_listing(
        place,
        [this](const std::string& url,
               std::uint64_t) -> Result<LinkedDocument> {
          const auto found = pages_.find(url);
          return found == pages_.end() ? Result<LinkedDocument>(Error{
                                             ErrorCode::kNotFound, "no " + url})
                                       : found->second;
        },
        [this](std::uint64_t files) -> Result<void> {
          told_.push_back(files);
          return {};
        });
  }
  std::map<std::string, LinkedDocument> pages_;
  std::vector<std::uint64_t> told_;
};

TEST_F(ReadScprint2Listing, FollowsLinks) {
  const std::string place = "https://h/api/datasets/o/n/tree/main";
  const auto page = [](const std::string& name) {
    return R"([{"type": "file", "path": ")" + name + R"(", "size": 1}])";
  };
  pages_[place] = {page("a"), "https://h/2"};
  pages_["https://h/2"] = {page("b"), "https://h/3"};
  pages_["https://h/3"] = {page("c"), ""};
  const auto listing = read(place);
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->files,
            (std::vector<Scprint2File>{{"a", 1}, {"b", 1}, {"c", 1}}));
  EXPECT_EQ(listing->base, "https://h/datasets/o/n/resolve/main/");
  EXPECT_EQ(told_, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(ReadScprint2Listing, FollowsTokens) {
  pages_["https://b/?p=1"] = {s3_page("a", "t"), ""};
  pages_["https://b/?p=1&continuation-token=t"] = {s3_page("b", ""), ""};
  const auto listing = read("https://b/?p=1");
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->files.size(), 2U);
  EXPECT_EQ(listing->files[1].path, "b");
  EXPECT_EQ(listing->base, "https://b/");
}

TEST_F(ReadScprint2Listing, ThatDoesNotEndIsRefused) {
  pages_["https://h/a?secret"] = {"a 1\n", "https://h/b"};
  pages_["https://h/b"] = {"b 1\n", "https://h/a?secret"};
  const auto listing = read("https://h/a?secret");
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(listing.error().message, "https://h/a: the listing does not end");
}

TEST_F(ReadScprint2Listing, FailsAsAPageDoes) {
  pages_["https://h/a"] = {"a 1\n", "https://h/b"};
  EXPECT_EQ(read("https://h/a").error().code, ErrorCode::kNotFound);
  pages_["https://h/b"] = {"{}", ""};
  EXPECT_EQ(read("https://h/a").error().code, ErrorCode::kInvalid);
}

TEST(Scprint2Listing, IsReadAsAHubAnswers) {
  std::ifstream file(std::string(OMICSFS_SHARED_DATA) +
                     "/catalogues/hf_tree_example.json");
  if (!file) {
    GTEST_SKIP() << "no sample of a tree";
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto page = parse_scprint2_page(text);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->files.size(), 3U);
  const auto name = parse_scprint2_name(page->files[2].path);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->directory(), "atlas/step_0/part_0/gpu_0");
  EXPECT_EQ(page->files[2].size, 84'868'104U);
  EXPECT_TRUE(page->files[2].digest);
}

TEST(Scprint2Name, HasThreeNumbersAndAnArray) {
  EXPECT_EQ(parse_scprint2_name("step_0__predict_part_12_3_embs.npz"),
            (Scprint2Name{"", "0", "12", "3", "embs"}));
  EXPECT_EQ(parse_scprint2_name("a/b/step_01__predict_part_2_3_scores.npz"),
            (Scprint2Name{"a/b/", "01", "2", "3", "scores"}));
  EXPECT_EQ(parse_scprint2_name("step_1__predict_part_2_3_top3.npz")->array,
            "top3");
  for (const char* name :
       {"", "embs.npz", "step_0__predict_part_1_2_embs", "x/README.md",
        "step_0__predict_part_1_2_embs.npz/", "step__predict_part_1_2_embs.npz",
        "step_0__predict_part__2_embs.npz", "step_0__predict_part_1__embs.npz",
        "step_0__predict_part_1_embs.npz", "step_0_predict_part_1_2_embs.npz",
        "step_0__predict_part_1_2_top.npz", "step_0__predict_part_1_2embs.npz",
        "step_-1__predict_part_1_2_embs.npz",
        "xstep_0__predict_part_1_2_embs.npz",
        "step_0__predict_part_1_2_embsx.npz",
        "step_0__predict_part_1_2_embs.npz.npy",
        "step_0__predict_part_1_2_3_embs.npz"}) {
    EXPECT_FALSE(parse_scprint2_name(name)) << name;
  }
}

}  // namespace
}  // namespace omicsfs
