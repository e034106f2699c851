// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalog/sources/refine_metadata.h"
#include "tests/catalog/text_pieces.h"

// refine.bio's own documents, where a copy of them is at hand.

namespace omicsfs {
namespace {

TEST(RefineReal, EveryMetadataDocumentIsRead) {
  const auto root = std::filesystem::path(OMICSFS_SHARED_DATA) / "refinebio";
  if (!std::filesystem::exists(root)) {
    GTEST_SKIP() << "shared data absent";
  }
  int documents = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().filename() != "aggregated_metadata.json") {
      continue;
    }
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    TextPieces pieces(text.str(), 4096);
    std::uint64_t samples = 0;
    const auto read = read_refine_metadata(
        pieces.reader(), [&](const std::string& name, const SampleFields& all) {
          samples += name.empty() || all.empty() ? 0 : 1;
          return Result<void>();
        });
    ASSERT_TRUE(read) << entry.path() << ": " << read.error().message;
    EXPECT_EQ(samples, read->samples) << entry.path();
    EXPECT_FALSE(read->experiments.empty());
    EXPECT_TRUE(parse_refine_time(read->created_at)) << read->created_at;
    for (const auto& [accession, experiment] : read->experiments) {
      EXPECT_FALSE(experiment.technology.empty()) << accession;
      EXPECT_FALSE(experiment.organisms.empty()) << accession;
    }
    ++documents;
  }
  EXPECT_GE(documents, 3);
}

}  // namespace
}  // namespace omicsfs
