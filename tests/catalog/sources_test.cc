// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "catalog/snapshot.h"
#include "catalog/source.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

Result<SourceSummary> build_one_file(const SourceInput& input,
                                     TreeBuilder& tree) {
  const auto text = input.download("https://h/index", 100);
  if (!text) {
    return text.error();
  }
  const auto node = tree.add_inline_file("index", *text, input.now);
  return node ? Result<SourceSummary>(SourceSummary{1, text->size(), "r", 1})
              : node.error();
}

constexpr SourceKind kTestKind = {"test", "A Test", "https://h/",
                                  build_one_file};

Result<SourceSummary> refresh_with(const ScratchDir& dir,
                                   const Result<std::string>& answer) {
  const SourceSettings settings;
  const Download download = [&answer](const std::string&, std::uint64_t) {
    return answer;
  };
  const SourceInput input{settings, download, {}, {}, 42};
  return refresh_source(kTestKind, input, dir.path().native());
}

TEST(Sources, AreInOrderOfTheirNamesAndFoundByThem) {
  EXPECT_TRUE(std::is_sorted(all_sources().begin(), all_sources().end(),
                             [](const SourceKind& a, const SourceKind& b) {
                               return a.name < b.name;
                             }));
  for (const SourceKind& kind : all_sources()) {
    EXPECT_EQ(*find_source(kind.name), &kind);
    EXPECT_TRUE(kind.of_manifests || kind.default_base_url.ends_with("/"));
  }
}

TEST(Sources, AnUnknownOneIsRefusedNamingTheKnown) {
  const auto found = find_source("nope");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
  EXPECT_NE(found.error().message.find("abc-atlas"), std::string::npos);
}

TEST(RefreshSource, MakesTheNextSnapshotCurrentAndDropsTheLast) {
  const ScratchDir dir;
  for (std::uint32_t generation = 1; generation <= 3; ++generation) {
    const auto summary = refresh_with(dir, std::string("text"));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->bytes, 4U);
    const auto path = current_snapshot(dir.path(), "test");
    const auto snapshot = Snapshot::open(*path);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ((*snapshot)->header().source, "test");
    EXPECT_EQ((*snapshot)->header().generation, generation);
    EXPECT_EQ((*snapshot)->header().created_at, 42);
    EXPECT_EQ(**(*snapshot)->property("title"), "A Test");
    EXPECT_EQ(std::distance(
                  std::filesystem::directory_iterator(path->parent_path()), {}),
              1);
  }
}

TEST(RefreshSource, AnErrorLeavesTheCurrentOneAndNoFileBehind) {
  const ScratchDir dir;
  ASSERT_TRUE(refresh_with(dir, std::string("text")));
  const auto before = current_snapshot(dir.path(), "test");
  const auto summary =
      refresh_with(dir, Error{ErrorCode::kUnavailable, "no network"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(*current_snapshot(dir.path(), "test"), *before);
  EXPECT_EQ(std::distance(
                std::filesystem::directory_iterator(before->parent_path()), {}),
            1);
}

TEST(RefreshSource, ASecondOneAtTheSameTimeIsRefused) {
  const ScratchDir dir;
  const auto lock = lock_snapshots(dir.path(), "test");
  ASSERT_TRUE(lock);
  const auto summary = refresh_with(dir, std::string("text"));
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find("another process"), std::string::npos);
}

}  // namespace
}  // namespace omicsfs
