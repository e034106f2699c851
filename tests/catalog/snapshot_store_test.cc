// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "catalog/snapshot.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

// Writes the next snapshot of "src" and returns its generation.
std::uint32_t write_next(const ScratchDir& dir) {
  const Result<NextSnapshot> next = next_snapshot(dir.path(), "src");
  EXPECT_TRUE(next) << next.error().message;
  write_snapshot(next->path, [](TreeBuilder&) {});
  return next->generation;
}

std::set<std::string> names_in(const ScratchDir& dir) {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(dir / "snapshots/src")) {
    names.insert(entry.path().filename().native());
  }
  return names;
}

TEST(SnapshotStore, NothingIsCurrentBeforeTheFirst) {
  const ScratchDir dir;
  const auto current = current_snapshot(dir.path(), "src");
  ASSERT_FALSE(current);
  EXPECT_EQ(current.error().code, ErrorCode::kNotFound);
  EXPECT_NE(current.error().message.find("omicsfs refresh src"),
            std::string::npos);
}

TEST(SnapshotStore, TheNewestGenerationIsCurrent) {
  const ScratchDir dir;
  for (std::uint32_t generation = 1; generation <= 11; ++generation) {
    EXPECT_EQ(write_next(dir), generation);
    EXPECT_EQ(current_snapshot(dir.path(), "src")->filename(),
              std::to_string(generation) + ".sqlite");
  }
}

TEST(SnapshotStore, OtherFilesAreNoGenerations) {
  const ScratchDir dir;
  write_next(dir);
  for (const char* name : {"99.sqlite.abcdef", "x.sqlite", "007.sqlite", "50",
                           "-2.sqlite", "4294967296.sqlite", ".sqlite"}) {
    write_file(dir / "snapshots/src" / name, "");
  }
  EXPECT_EQ(current_snapshot(dir.path(), "src")->filename(), "1.sqlite");
  EXPECT_EQ(next_snapshot(dir.path(), "src")->generation, 2U);
}

TEST(SnapshotStore, PruneLeavesTheCurrentAndTheOpen) {
  const ScratchDir dir;
  write_next(dir);
  write_next(dir);
  auto open = Snapshot::open(dir / "snapshots/src/2.sqlite");
  ASSERT_TRUE(open);
  write_next(dir);
  prune_snapshots(dir.path(), "src");
  EXPECT_EQ(names_in(dir), (std::set<std::string>{"2.sqlite", "3.sqlite"}));
  open = Error{ErrorCode::kNotFound, "closed"};
  prune_snapshots(dir.path(), "src");
  EXPECT_EQ(names_in(dir), (std::set<std::string>{"3.sqlite"}));
}

TEST(SnapshotStore, PruneTakesLeftoversButNotAWritersFile) {
  const ScratchDir dir;
  write_next(dir);
  write_file(dir / "snapshots/src/2.sqlite.killed", "half");
  write_file(dir / "snapshots/src/note.txt", "not ours");
  const Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "snapshots/src/2.sqlite", {"src", 2, 0});
  ASSERT_TRUE(writer);
  prune_snapshots(dir.path(), "src");
  const std::set<std::string> left = names_in(dir);
  EXPECT_EQ(left.size(), 3U);
  EXPECT_EQ(left.count("2.sqlite.killed"), 0U);
  EXPECT_EQ(left.count("note.txt"), 1U);
}

TEST(SnapshotStore, ASnapshotThatWasRemovedIsNotFound) {
  const ScratchDir dir;
  write_next(dir);
  const auto first = current_snapshot(dir.path(), "src");
  write_next(dir);
  prune_snapshots(dir.path(), "src");
  EXPECT_EQ(Snapshot::open(*first).error().code, ErrorCode::kNotFound);
}

TEST(SnapshotStore, OnlyOneRefreshHoldsTheLock) {
  const ScratchDir dir;
  Result<UniqueFd> first = lock_snapshots(dir.path(), "src");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(lock_snapshots(dir.path(), "src").error().code,
            ErrorCode::kTimedOut);
  EXPECT_TRUE(lock_snapshots(dir.path(), "other"));
  first->reset();
  EXPECT_TRUE(lock_snapshots(dir.path(), "src"));
}

TEST(SnapshotStore, ASourcesNameIsNoPath) {
  const ScratchDir dir;
  for (const char* source : {"../up", "", "a/b", ".."}) {
    EXPECT_EQ(current_snapshot(dir.path(), source).error().code,
              ErrorCode::kInvalid);
    EXPECT_EQ(next_snapshot(dir.path(), source).error().code,
              ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace omicsfs
