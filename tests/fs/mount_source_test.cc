// SPDX-License-Identifier: MIT
#include "fs/mount_source.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(MountSource, AWordMeansAnArchiveBySlashOrEnding) {
  for (const char* word : {"a.zip", "A.ZIP", "b.npz", "./a", "/a/b",
                           "http://h/x", "https://h/a.zip?x"}) {
    EXPECT_TRUE(means_archive(word)) << word;
  }
  for (const char* word : {"abc-atlas", "refine-bio", "zip", ".zip", "a.tar"}) {
    EXPECT_FALSE(means_archive(word)) << word;
  }
}

TEST(MountSource, ArchivesAreToldApartByTheirPlace) {
  const auto sources = mount_sources(
      {"abc-atlas", "https://h/d/one.zip?sig=secret", "/data/../x/two.zip"});
  ASSERT_TRUE(sources) << sources.error().message;
  ASSERT_EQ(sources->size(), 3U);
  EXPECT_EQ((*sources)[0].name, "abc-atlas");
  EXPECT_FALSE((*sources)[0].is_archive());
  EXPECT_EQ((*sources)[0].named_kind().name, "abc-atlas");
  EXPECT_EQ((*sources)[1].shown, "one.zip");
  EXPECT_TRUE((*sources)[1].name.starts_with("archive-"));
  EXPECT_EQ((*sources)[1].name.find("secret"), std::string::npos);
  EXPECT_EQ((*sources)[2].place, "/x/two.zip");
  EXPECT_NE((*sources)[1].name, (*sources)[2].name);
  EXPECT_EQ((*sources)[2].named_kind().name, (*sources)[2].name);
}

TEST(MountSource, TwoOfOneNameAndUnknownOnesAreRefused) {
  EXPECT_FALSE(mount_sources({"/a/x.zip", "/b/x.zip"}));
  EXPECT_FALSE(mount_sources({"nope"}));
}

TEST(MountSource, ThePlacesOfArchivesBecomeSettings) {
  const auto sources = mount_sources({"abc-atlas", "http://10.0.0.1/a.zip"});
  const Settings settings = with_archives({}, *sources);
  EXPECT_EQ(settings.sources.size(), 1U);
  EXPECT_EQ(settings.source((*sources)[1].name).base_url,
            "http://10.0.0.1/a.zip");
}

}  // namespace
}  // namespace omicsfs
