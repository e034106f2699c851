// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_address.h"

#include <gtest/gtest.h>

#include "tests/catalog/fake_web.h"

namespace omicsfs {
namespace {

const std::string kCommit(40, 'c');

TEST(ManifestAddress, ABucketIsItsListing) {
  const std::pair<const char*, const char*> places[] = {
      {"s3://b",
       "https://b.s3.amazonaws.com/"
       "?list-type=2&encoding-type=url&prefix="},
      {"s3://b/",
       "https://b.s3.amazonaws.com/"
       "?list-type=2&encoding-type=url&prefix="},
      {"s3://b/x y/z",
       "https://b.s3.amazonaws.com/"
       "?list-type=2&encoding-type=url&prefix=x%20y/z/"},
      {"s3://a.b/x/",
       "https://s3.amazonaws.com/a.b/"
       "?list-type=2&encoding-type=url&prefix=x/"}};
  for (const auto& [place, address] : places) {
    EXPECT_TRUE(is_collection(place));
    const auto found = manifest_address(place);
    ASSERT_TRUE(found) << place;
    EXPECT_EQ(*found, address);
  }
}

TEST(ManifestAddress, ARepositoryIsItsTree) {
  const std::pair<const char*, const char*> places[] = {
      {"hf://datasets/o/n", "datasets/o/n/tree/main"},
      {"hf://datasets/o/n@v1.0", "datasets/o/n/tree/v1.0"},
      {"hf://datasets/o/n@refs/convert/parquet",
       "datasets/o/n/tree/refs%2Fconvert%2Fparquet"},
      {"hf://datasets/o/n@refs%2Fconvert%2Fparquet",
       "datasets/o/n/tree/refs%2Fconvert%2Fparquet"},
      {"hf://datasets/o/n@refs/convert/parquet/default/train",
       "datasets/o/n/tree/refs%2Fconvert%2Fparquet/default/train"},
      {"hf://datasets/o/n@refs/pr/7/a", "datasets/o/n/tree/refs%2Fpr%2F7/a"},
      {"hf://datasets/o/n@refs%2Fpr%2F7/a",
       "datasets/o/n/tree/refs%2Fpr%2F7/a"},
      {"hf://datasets/o/n@feature%2Fx", "datasets/o/n/tree/feature%2Fx"},
      {"hf://datasets/o/n/folder", "datasets/o/n/tree/main/folder"},
      {"hf://datasets/o/n/a b/c/", "datasets/o/n/tree/main/a%20b/c"},
      {"hf://datasets/o/n/a@b", "datasets/o/n/tree/main/a%40b"},
      {"hf://datasets/o/n@main/folder", "datasets/o/n/tree/main/folder"},
      {"hf://datasets/o/n/", "datasets/o/n/tree/main"},
      {"hf://datasets/squad", "datasets/squad/tree/main"},
      {"hf://datasets/squad@v1", "datasets/squad/tree/v1"},
      {"hf://datasets/squad@main/plain_text",
       "datasets/squad/tree/main/plain_text"},
      {"hf://gpt2", "models/gpt2/tree/main"},
      {"hf://gpt2@main/onnx", "models/gpt2/tree/main/onnx"},
      {"hf://o/n/onnx", "models/o/n/tree/main/onnx"},
      {"hf://spaces/o/n", "spaces/o/n/tree/main"},
      {"hf://models/o/n", "models/o/n/tree/main"},
      {"hf://o/n@x", "models/o/n/tree/x"}};
  for (const auto& [place, address] : places) {
    EXPECT_TRUE(is_collection(place));
    const auto found = manifest_address(place);
    ASSERT_TRUE(found) << place;
    EXPECT_EQ(*found, "https://huggingface.co/api/" + std::string(address) +
                          "?recursive=true&expand=false");
  }
}

TEST(ManifestAddress, EndpointsStandInThePlaceOfThePublicServices) {
  const Endpoints own{"http://h:9000/", "https://mirror/hub/"};
  const std::pair<const char*, const char*> places[] = {
      {"s3://b/x", "http://h:9000/b/?list-type=2&encoding-type=url&prefix=x/"},
      {"hf://datasets/o/n@v1",
       "https://mirror/hub/api/datasets/o/n/tree/v1?recursive=true&"
       "expand=false"},
      {"https://huggingface.co/x", "https://huggingface.co/x"}};
  for (const auto& [place, address] : places) {
    EXPECT_EQ(*manifest_address(place, own), address);
  }
}

TEST(ManifestAddress, OthersAreWhatTheyAre) {
  for (const char* place : {"https://h/x", "/x/y.json", "s3", ""}) {
    EXPECT_FALSE(is_collection(place)) << place;
    EXPECT_EQ(*manifest_address(place), place);
  }
  for (const char* place :
       {"s3://", "s3:///x", "s3://e:80/x", "hf://", "hf://datasets",
        "hf://datasets/", "hf://datasets/o/n@", "hf://datasets/@v1",
        "hf://datasets/o//n", "hf://datasets/o/n//x", "hf://datasets/o/n@/x",
        "hf://datasets/o/n/../x", "hf://datasets/o/n@%2",
        "hf://datasets/o/n@..%2F..", "hf://../x"}) {
    EXPECT_FALSE(manifest_address(place)) << place;
  }
}

TEST(ManifestAddress, ATreeIsPinnedToItsCommit) {
  FakeWeb web;
  const std::string api = "https://hub/api/datasets/o/n";
  web.documents[api + "/revision/main"] =
      R"({"id": "o/n", "sha": ")" + kCommit + R"("})";
  EXPECT_EQ(*pinned_address(api + "/tree/main?recursive=true", web.download()),
            api + "/tree/" + kCommit + "?recursive=true");
  EXPECT_EQ(web.asked.size(), 1U);
  for (const std::string& address :
       {api + "/tree/" + kCommit + "?x=1", std::string("/a/api/x/tree/main"),
        std::string("https://h/tree/main"),
        std::string("https://h/x?y=/api/a/tree/b")}) {
    EXPECT_EQ(*pinned_address(address, web.download()), address);
  }
  EXPECT_EQ(web.asked.size(), 1U);
  EXPECT_EQ(*pinned_address(api + "/tree/gone", web.download()),
            api + "/tree/gone");
}

TEST(ManifestAddress, AnAnswerWithoutACommitIsAnError) {
  for (const char* answer :
       {"", "[]", "{}", R"({"sha": "x"})", R"({"sha": 1})"}) {
    FakeWeb web;
    web.documents["https://hub/api/datasets/o/n/revision/main"] = answer;
    EXPECT_FALSE(pinned_address("https://hub/api/datasets/o/n/tree/main",
                                web.download()))
        << answer;
  }
}

}  // namespace
}  // namespace omicsfs
