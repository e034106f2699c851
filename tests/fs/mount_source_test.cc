// SPDX-License-Identifier: MIT
#include "fs/mount_source.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(MountSource, AWordMeansAPlaceBySlashOrEnding) {
  for (const char* word :
       {"a.zip", "A.ZIP", "b.npz", "./a", "/a/b", "http://h/x",
        "https://h/a.zip?x", "datapackage.json", "urls.txt.gz", "s3://b/x",
        "hf://datasets/o/n"}) {
    EXPECT_TRUE(means_place(word)) << word;
  }
  for (const char* word :
       {"abc-atlas", "refine-bio", "zip", ".zip", "a.tar", ".json", "json"}) {
    EXPECT_FALSE(means_place(word)) << word;
  }
}

TEST(MountSource, APlaceIsAManifestByItsSchemeOrEnding) {
  for (const char* place :
       {"s3://b", "s3://b/a.zip", "hf://datasets/o/n", "/a/b.json",
        "https://h/datapackage.json?token=x", "https://h/X.JSONL", "/a.ndjson",
        "/fetch.txt", "/a.tsv", "/a.xml", "/a.json.gz",
        "https://b.s3.amazonaws.com/?list-type=2&prefix=x"}) {
    EXPECT_TRUE(means_manifest(place)) << place;
  }
  for (const char* place :
       {"/a.zip", "https://h/a.zip", "https://h/a", "https://h/a?b.json",
        "/a.json/b", "/list-type=2", "/a.gz", "/.json.zip"}) {
    EXPECT_FALSE(means_manifest(place)) << place;
  }
}

TEST(MountSource, AManifestIsShownByItsName) {
  const std::pair<const char*, const char*> words[] = {
      {"https://h/d/datapackage.json?token=x", "datapackage"},
      {"/a/b.c/urls.txt.gz", "urls"},
      {"s3://bucket", "bucket"},
      {"s3://bucket/a/b/", "b"},
      {"hf://datasets/o/n@refs/convert/parquet", "n"},
      {"hf://datasets/o/n@main/a/b", "b"},
      {"hf://datasets/squad", "squad"}};
  for (const auto& [word, shown] : words) {
    const auto sources = mount_sources({word});
    ASSERT_TRUE(sources) << word;
    EXPECT_EQ(sources->front().shown, shown);
    EXPECT_EQ(sources->front().place, word);
    EXPECT_TRUE(sources->front().name.starts_with("manifest-"));
    EXPECT_EQ(sources->front().name.find("token"), std::string::npos);
    EXPECT_EQ(sources->front().may_have_changed(),
              std::string(word).find("://b") == std::string::npos &&
                  !std::string(word).starts_with("hf"));
    const Settings settings = with_places({}, *sources);
    EXPECT_EQ(settings.source(sources->front().name).catalogue,
              std::vector<std::string>{word});
  }
  const auto there = mount_sources({"s3://b"}, {});
  const auto elsewhere = mount_sources({"s3://b"}, {"http://h/", ""});
  EXPECT_NE(there->front().name, elsewhere->front().name);
  EXPECT_EQ(there->front().place, elsewhere->front().place);
  EXPECT_FALSE(mount_sources({"s3://"}));
  EXPECT_FALSE(mount_sources({"hf://datasets"}));
}

TEST(MountSource, ArchivesAreToldApartByTheirPlace) {
  const auto sources = mount_sources(
      {"abc-atlas", "https://h/d/one.zip?sig=secret", "/data/../x/two.zip"});
  ASSERT_TRUE(sources) << sources.error().message;
  ASSERT_EQ(sources->size(), 3U);
  EXPECT_EQ((*sources)[0].name, "abc-atlas");
  EXPECT_EQ((*sources)[0].place, "");
  EXPECT_FALSE((*sources)[0].may_have_changed());
  EXPECT_TRUE((*sources)[1].may_have_changed());
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

TEST(MountSource, AFolderOfAWebServerIsRefusedWithTheWayToMountIt) {
  for (const char* place : {"http://h/", "https://h/a/b/"}) {
    const auto sources = mount_sources({place});
    ASSERT_FALSE(sources) << place;
    EXPECT_NE(sources.error().message.find("omicsfs manifest make"),
              std::string::npos)
        << sources.error().message;
  }
  EXPECT_TRUE(mount_sources({"http://h/?list-type=2"}));
  EXPECT_TRUE(mount_sources({"http://h/download?id=7"}));
}

TEST(MountSource, ThePlacesOfArchivesBecomeSettings) {
  const auto sources = mount_sources({"abc-atlas", "http://10.0.0.1/a.zip"});
  const Settings settings = with_places({}, *sources);
  EXPECT_EQ(settings.sources.size(), 1U);
  EXPECT_EQ(settings.source((*sources)[1].name).base_url,
            "http://10.0.0.1/a.zip");
}

}  // namespace
}  // namespace omicsfs
