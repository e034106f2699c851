// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

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
  if (text->empty()) {
    return SourceSummary{};
  }
  if (*text == "odd") {
    input.warn("one entry is odd");
  }
  const auto node = tree.add_inline_file("index", *text, input.now);
  const auto readme = tree.set_readme("About\n", input.now);
  return node && readme
             ? Result<SourceSummary>(SourceSummary{1, text->size(), "r", 1})
             : (node ? readme.error() : node.error());
}

constexpr SourceKind kTestKind = {"test", "A Test", "https://h/",
                                  build_one_file};

Result<SourceSummary> refresh_with(const ScratchDir& dir,
                                   const Result<std::string>& answer,
                                   bool allow_empty = false,
                                   const RefreshTurn& turn = {}) {
  const SourceSettings settings;
  const Download download = [&answer](const std::string&, std::uint64_t) {
    return answer;
  };
  SourceInput input{settings, download, {}, {}, 42};
  input.allow_empty = allow_empty;
  input.turn = turn;
  return refresh_source(kTestKind, input, dir.path().native());
}

TEST(Sources, AreInOrderOfTheirNamesAndFoundByThem) {
  EXPECT_TRUE(std::is_sorted(all_sources().begin(), all_sources().end(),
                             [](const SourceKind& a, const SourceKind& b) {
                               return a.name < b.name;
                             }));
  for (const SourceKind& kind : all_sources()) {
    EXPECT_EQ(*find_source(kind.name), &kind);
    EXPECT_TRUE(kind.default_base_url.empty() ||
                kind.default_base_url.ends_with("/"));
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

TEST(RefreshSource, ACatalogWithoutFilesReplacesNoneThatHasFiles) {
  const ScratchDir dir;
  ASSERT_TRUE(refresh_with(dir, std::string()));
  ASSERT_TRUE(refresh_with(dir, std::string("text")));
  const auto before = current_snapshot(dir.path(), "test");
  const auto refused = refresh_with(dir, std::string());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--allow-empty"), std::string::npos);
  EXPECT_EQ(*current_snapshot(dir.path(), "test"), *before);
  ASSERT_TRUE(refresh_with(dir, std::string(), true));
  EXPECT_EQ(summary_of(**open_current_snapshot(dir.path(), "test"))->files, 0U);
}

TEST(RefreshSource, ItsWarningsAreCountedAndInTheReadme) {
  const ScratchDir dir;
  const auto readme = [&dir] {
    const auto snapshot = *open_current_snapshot(dir.path(), "test");
    const auto node = snapshot->lookup(kRootNode, "README.txt");
    return *snapshot->inline_bytes(node->id, 0, node->size);
  };
  ASSERT_TRUE(refresh_with(dir, std::string("text")));
  EXPECT_EQ(readme(), "About\n");
  EXPECT_EQ(refresh_with(dir, std::string("odd"))->warnings, 1U);
  EXPECT_EQ(readme(),
            "About\n\nWarnings of the last refresh: 1\n  one entry is odd\n");
  const auto snapshot = *open_current_snapshot(dir.path(), "test");
  EXPECT_EQ(summary_of(*snapshot)->warnings, 1U);
}

// A turn whose wait calls `on_wait`, and is long enough for any machine.
RefreshTurn patient_turn(std::function<void()> on_wait, bool take_theirs) {
  return {std::chrono::hours(1), std::move(on_wait), take_theirs};
}

TEST(RefreshSource, ASecondOneWaitsForTheFirstAndSaysSo) {
  const ScratchDir dir;
  auto lock = lock_snapshots(dir.path(), "test");
  ASSERT_TRUE(lock);
  int waits = 0;
  const auto end_theirs = [&] {
    ++waits;
    lock->reset();
  };
  ASSERT_TRUE(refresh_with(dir, std::string("text"), false,
                           patient_turn(end_theirs, false)));
  EXPECT_EQ(waits, 1);
}

TEST(RefreshSource, ItTakesTheCatalogThatAnotherMadeMeanwhileIfAskedTo) {
  for (const bool take_theirs : {true, false}) {
    const ScratchDir dir;
    auto lock = lock_snapshots(dir.path(), "test");
    ASSERT_TRUE(lock);
    const auto end_theirs = [&] {
      lock->reset();
      ASSERT_TRUE(refresh_with(dir, std::string("theirs")));
    };
    const auto summary = refresh_with(dir, std::string("our"), false,
                                      patient_turn(end_theirs, take_theirs));
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->bytes, take_theirs ? 6U : 3U);
    const auto snapshot = *open_current_snapshot(dir.path(), "test");
    EXPECT_EQ(snapshot->header().generation, take_theirs ? 1U : 2U);
  }
}

TEST(RefreshSource, ItMakesItsOwnWhereTheOtherMadeNone) {
  const ScratchDir dir;
  ASSERT_TRUE(refresh_with(dir, std::string("old one")));
  auto lock = lock_snapshots(dir.path(), "test");
  const auto summary =
      refresh_with(dir, std::string("our"), false,
                   patient_turn([&lock] { lock->reset(); }, true));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->bytes, 3U);
}

TEST(RefreshSource, ASecondOneWithoutPatienceIsRefused) {
  const ScratchDir dir;
  const auto lock = lock_snapshots(dir.path(), "test");
  ASSERT_TRUE(lock);
  const auto summary = refresh_with(dir, std::string("text"));
  ASSERT_FALSE(summary);
  EXPECT_NE(summary.error().message.find("another process"), std::string::npos);
}

}  // namespace
}  // namespace omicsfs
