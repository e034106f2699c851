// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/catalog/manifest_reading.h"

// The catalogues of others, where they are at hand.

namespace omicsfs {
namespace {

class ManifestReal : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(dir_)) {
      GTEST_SKIP() << dir_ << " is not here";
    }
  }
  // The document of that name, as if it lay at https://h/.
  ToldManifest read(const std::string& name) {
    return reading_.read(read_file(dir_ / name), "https://h/" + name);
  }

  const std::filesystem::path dir_ =
      std::filesystem::path(OMICSFS_SHARED_DATA) / "catalogues";
  ManifestReading reading_;
};

constexpr const char* kEncodeFolder =
    "https://encode-public.s3.amazonaws.com/2021/06/23/";

TEST_F(ManifestReal, BagIt) {
  reading_.documents["https://h/bagit_example/manifest-md5.txt"] =
      read_file(dir_ / "bagit_example/manifest-md5.txt");
  const ToldManifest told = read("bagit_example/fetch.txt");
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.files,
            std::string("data/ENCSR133RZO/ENCFF199LSM.bigBed 183334 "
                        "md5:fdf1d8738052f17edf5d4ad1a4220caf - ") +
                kEncodeFolder +
                "a4891231-ed54-494a-b833-c6bca0c2b62f/ENCFF199LSM.bigBed\n"
                "data/ENCSR133RZO/ENCFF635JIA.bed.gz 40482 "
                "md5:2a41c04233d7ba1cac7b73b912161d50 - " +
                kEncodeFolder +
                "c5d28a48-3c7c-4b0f-978c-0ab0ec5c6068/ENCFF635JIA.bed.gz\n");
}

TEST_F(ManifestReal, DrsObject) {
  const ToldManifest told = read("drs_object_example.json");
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.about, "name: ENCFF635JIA.bed.gz\n");
  // Both access methods are the same public address.
  EXPECT_EQ(told.files,
            std::string("ENCFF635JIA.bed.gz 40482 "
                        "md5:2a41c04233d7ba1cac7b73b912161d50 1624446250 ") +
                kEncodeFolder +
                "c5d28a48-3c7c-4b0f-978c-0ab0ec5c6068/ENCFF635JIA.bed.gz "
                "mime_type=application/gzip\n");
}

TEST_F(ManifestReal, HuggingFaceTree) {
  const ToldManifest told =
      reading_.read(read_file(dir_ / "hf_tree_example.json"),
                    "https://huggingface.co/api/datasets/o/n/tree/main");
  const std::string folder =
      "redirect:https://huggingface.co/datasets/o/n/resolve/main/";
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.files,
            ".gitattributes 391 - - " + folder +
                ".gitattributes\n"
                "README.md 2251 - - " +
                folder +
                "README.md\n"
                "atlas/step_0__predict_part_0_0_embs.npz 84868104 "
                "sha256:d88b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd737"
                "3a77b5abb9 - " +
                folder + "atlas/step_0__predict_part_0_0_embs.npz\n");
}

TEST_F(ManifestReal, IgsTables) {
  for (const char* name :
       {"igs_portal_example_manifest.tsv", "igs_portal_http_manifest.tsv",
        "igs_portal_s3_manifest.tsv"}) {
    const ToldManifest told = read(name);
    EXPECT_EQ(told.error + told.problems + told.odd, "") << name;
    EXPECT_EQ(std::count(told.files.begin(), told.files.end(), '\n'), 2);
    EXPECT_NE(told.files.find(" md5:"), std::string::npos) << told.files;
    EXPECT_NE(told.files.find(" - http"), std::string::npos) << told.files;
    EXPECT_EQ(told.files.find("ftp:"), std::string::npos);
  }
}

TEST_F(ManifestReal, RoCrate) {
  const ToldManifest told = read("rocrate_1.2_rainfall.json");
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.files,
            "data.csv ? - - https://h/data.csv mime_type=text/csv\n");
  EXPECT_NE(told.about.find("licence: http://spdx.org/licenses/CC0-1.0\n"),
            std::string::npos);
}

TEST_F(ManifestReal, Croissant) {
  const ToldManifest movies = read("croissant_1.0_movielens.json");
  EXPECT_EQ(movies.error + movies.problems, "");
  EXPECT_EQ(movies.files,
            "ml-25m.zip ? sha256:8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6ace"
            "d3ebd4ad5bd1eb9c6aa - "
            "https://files.grouplens.org/datasets/movielens/ml-25m.zip "
            "mime_type=application/zip\n");
  EXPECT_NE(movies.odd.find("part of another"), std::string::npos);
  const ToldManifest squad = read("croissant_1.1_hf_squad_v2.json");
  EXPECT_EQ(squad.error + squad.problems + squad.files, "");
  EXPECT_NE(squad.odd.find("a repository"), std::string::npos);
  EXPECT_NE(squad.odd.find("a set of files"), std::string::npos);
}

}  // namespace
}  // namespace omicsfs
