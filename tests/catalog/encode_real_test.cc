// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <map>

#include "catalog/sources/encode_catalogue.h"
#include "catalog/sources/encode_rules.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"

// The fixtures of the portal's own server, where they are at hand.

namespace omicsfs {
namespace {

using Field = EncodeField;
using FilesById = std::map<std::string, EncodeFile, std::less<>>;

// Every file of a document; `forget_href` as if it told no path of a file.
FilesById files_of(const std::filesystem::path& path, bool forget_href) {
  TextPieces pieces(read_file(path), 4096);
  FilesById files;
  const EncodeRows rows{
      [&](EncodeFile& file, const std::string& place) -> Result<void> {
        if (forget_href) {
          file.drop(Field::kHref);
          file.drop(Field::kDownloadLink);
        }
        const auto done = complete_encode_file(file, "http://localhost/");
        EXPECT_TRUE(done) << place << ": " << done.error().message;
        files[std::string(file.get(Field::kId))] = file;
        return {};
      },
      [](const std::string& place, const std::string& why) {
        ADD_FAILURE() << place << ": " << why;
      },
      [](const std::string&) {}};
  const auto done = read_encode_catalogue(pieces.reader(), rows);
  EXPECT_TRUE(done) << done.error().message;
  return files;
}

class EncodeReal : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(dir_)) {
      GTEST_SKIP() << dir_ << " is not here";
    }
  }
  const std::filesystem::path dir_ =
      std::filesystem::path(OMICSFS_SHARED_DATA) / "encode";
};

TEST_F(EncodeReal, UrlsOfTheServersOwnTableFollowFromTheFiles) {
  const FilesById told =
      files_of(dir_ / "encoded_inserts/expected_metadata.tsv", false);
  const FilesById files =
      files_of(dir_ / "composed/encode_files_334.json", true);
  ASSERT_EQ(told.size(), 194U);
  ASSERT_EQ(files.size(), 334U);
  for (const auto& [id, row] : told) {
    ASSERT_TRUE(files.contains(id)) << id;
    EXPECT_EQ(files.at(id).get(Field::kDownloadLink),
              row.get(Field::kDownloadLink));
  }
}

TEST_F(EncodeReal, BothFormsTellTheSameOfAFile) {
  const FilesById told =
      files_of(dir_ / "encoded_inserts/expected_metadata.tsv", false);
  const FilesById files =
      files_of(dir_ / "composed/encode_files_334.json", false);
  for (const auto& [id, row] : told) {
    for (const Field field :
         {Field::kFileFormat, Field::kFileType, Field::kFileFormatType,
          Field::kOutputType, Field::kAssembly, Field::kExperiments,
          Field::kAssayTitle, Field::kBiosample, Field::kTarget,
          Field::kFileSize, Field::kMd5sum, Field::kRunType, Field::kStatus}) {
      EXPECT_EQ(files.at(id).get(field), row.get(field))
          << id << " " << encode_column(field).name;
    }
  }
}

TEST_F(EncodeReal, EveryFormIsKnownByItsContent) {
  const std::pair<const char*, std::size_t> documents[] = {
      {"composed/encode_file_manifest_sample.tsv", 2},
      {"composed/search_type_File_ENCSR133RZO.json", 7},
      {"composed/files_ENCSR133RZO.txt", 7},
      {"portal_json/search_results_manifest_fields_2files.json", 2},
      {"portal_json/search_no_results_http404.json", 0},
      {"encoded_inserts/expected_annotation_metadata.tsv", 0},
  };
  for (const auto& [name, count] : documents) {
    const FilesById files = files_of(dir_ / name, false);
    if (count != 0) {
      EXPECT_EQ(files.size(), count) << name;
    }
  }
}

}  // namespace
}  // namespace omicsfs
