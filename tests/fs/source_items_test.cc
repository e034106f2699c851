// SPDX-License-Identifier: MIT
#include "fs/source_items.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

std::vector<ArchiveItem> parsed(const std::string& text) {
  const auto document = JsonValue::parse(text);
  EXPECT_TRUE(document);
  const auto items = parse_archive_items(*document);
  EXPECT_TRUE(items) << items.error().message;
  return items ? *items : std::vector<ArchiveItem>();
}

TEST(ArchivePlace, IsAUrlOrAnAbsolutePath) {
  EXPECT_EQ(*archive_place("https://h/a.zip?sig=x"), "https://h/a.zip?sig=x");
  EXPECT_EQ(*archive_place("/a/../b.zip"), "/b.zip");
  EXPECT_TRUE(archive_place("a.zip")->starts_with("/"));
  EXPECT_FALSE(archive_place(""));
  EXPECT_FALSE(archive_place("ftp://h/a.zip"));
  EXPECT_FALSE(archive_place("file:///a.zip"));
}

TEST(ArchiveItems, ArePlacesOrObjects) {
  const std::string hex(40, 'b');
  const auto items = parsed(R"(["/a.zip", {"place": "https://h/b.zip",
    "sha1": ")" + hex + R"(", "id": "b2"}, {"place": "/c.zip"}])");
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].place, "/a.zip");
  EXPECT_FALSE(items[0].sha1);
  EXPECT_EQ(items[1].place, "https://h/b.zip");
  EXPECT_EQ(items[1].sha1->hex, hex);
  EXPECT_EQ(items[1].id, "b2");
  EXPECT_EQ(items[2].id, "");
}

TEST(ArchiveItems, WhatIsNoneIsRefusedAtItsPlace) {
  for (const char* text :
       {"{}", "[1]", "[{}]", R"([{"place": ""}])", R"(["ftp://h/x"])",
        R"([{"place": "/a", "sha1": "short"}])", R"([{"place": 1}])"}) {
    const auto document = JsonValue::parse(text);
    const auto items = parse_archive_items(*document);
    ASSERT_FALSE(items) << text;
    EXPECT_EQ(items.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(SourceItems, AreKeptWholeOrNotAtAll) {
  const TemporaryDirectory dir;
  EXPECT_TRUE(load_items(dir.path(), "refine-bio")->empty());
  const auto digest = parse_digest(DigestKind::kSha1, std::string(40, 'c'));
  ASSERT_TRUE(save_items(dir.path(), "refine-bio",
                         {{"/a \"b\".zip", *digest, "id"}, {"/c", {}, ""}}));
  const auto items = load_items(dir.path(), "refine-bio");
  ASSERT_TRUE(items) << items.error().message;
  ASSERT_EQ(items->size(), 2U);
  EXPECT_EQ((*items)[0].place, "/a \"b\".zip");
  EXPECT_EQ((*items)[0].sha1, *digest);
  EXPECT_EQ((*items)[0].id, "id");
  std::ofstream(dir.path() / "items/refine-bio.json") << "[";
  const auto damaged = load_items(dir.path(), "refine-bio");
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message.find("refine-bio.json"), std::string::npos);
}

TEST(SourceItems, AnItemIsNamedByItsPlaceItsPathOrItsNameInTheTree) {
  const ArchiveItem url{"https://h/d/SRP1.zip?sig=x", {}, ""};
  for (const char* word :
       {"https://h/d/SRP1.zip?sig=x", "SRP1.zip", "SRP1", "datasets/SRP1"}) {
    EXPECT_TRUE(is_item_named(url, word)) << word;
  }
  for (const char* word : {"", "SRP", "SRP10", "https://h/d/SRP1.zip",
                           "other/SRP1", "/SRP1.zip"}) {
    EXPECT_FALSE(is_item_named(url, word)) << word;
  }
  EXPECT_TRUE(is_item_named({"/a/b.zip", {}, "mine"}, "mine"));
  EXPECT_TRUE(is_item_named({"/a/b.zip", {}, ""}, "/a/x/../b.zip"));
  EXPECT_TRUE(is_item_named({"s3://bucket/x", {}, ""}, "s3://bucket/x"));
}

TEST(SourceItems, WhoChangesThemKeepsOthersAway) {
  const TemporaryDirectory dir;
  const auto lock = [&dir](ItemsUse use) {
    return lock_items(dir.path(), "refine-bio", use, {});
  };
  {
    const auto first = lock(ItemsUse::kRead);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(lock(ItemsUse::kRead));
    EXPECT_EQ(lock(ItemsUse::kChange).error().code, ErrorCode::kTimedOut);
  }
  const auto change = lock(ItemsUse::kChange);
  ASSERT_TRUE(change);
  EXPECT_EQ(lock(ItemsUse::kRead).error().code, ErrorCode::kTimedOut);
}

TEST(SourceItems, OfManifestsMayBeBuckets) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(save_items(dir.path(), "manifest", {{"s3://b/x", {}, ""}}));
  Settings settings;
  settings.state_dir = dir.path();
  const auto whole = with_added_items(settings, {"manifest"});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->sources.at("manifest").archives.front().place, "s3://b/x");
  EXPECT_EQ(*item_place(**find_source("manifest"), "hf://o/n"), "hf://o/n");
  EXPECT_FALSE(item_place(**find_source("refine-bio"), "hf://o/n"));
}

TEST(SourceItems, OfASourceThatIsNotInUseStayOut) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(
      save_items(dir.path(), "manifest", {{"http://10.0.0.5/m", {}, ""}}));
  ASSERT_TRUE(save_items(dir.path(), "refine-bio", {{"/a.zip", {}, ""}}));
  Settings settings;
  settings.state_dir = dir.path();
  const auto whole =
      with_added_items(settings, {"manifest-0123", "refine-bio", "encode"});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->sources.count("manifest"), 0U);
  EXPECT_EQ(whole->sources.at("refine-bio").archives.size(), 1U);
}

TEST(SourceItems, AreAddedToTheSettings) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(save_items(dir.path(), "refine-bio", {{"/a.zip", {}, ""}}));
  Settings settings;
  settings.state_dir = dir.path();
  settings.sources["refine-bio"].archives.push_back({"/b.zip", {}, ""});
  const auto whole = with_added_items(settings, {"refine-bio"});
  ASSERT_TRUE(whole);
  const auto& archives = whole->sources.at("refine-bio").archives;
  ASSERT_EQ(archives.size(), 2U);
  EXPECT_EQ(archives[0].place, "/b.zip");
  EXPECT_EQ(archives[1].place, "/a.zip");
}

}  // namespace
}  // namespace omicsfs
