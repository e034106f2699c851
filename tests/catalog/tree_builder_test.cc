// SPDX-License-Identifier: MIT
#include "catalog/tree_builder.h"

#include <gtest/gtest.h>

#include "catalog/inline_chunks.h"
#include "catalog/snapshot.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

TEST(TreeBuilder, ParentsComeIntoBeingByThemselves) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("a/b/c", "x", 5));
    ASSERT_TRUE(tree.add_directory("a/d/e"));
    ASSERT_TRUE(tree.add_symlink("a/b/l", "c", 6));
  });
  EXPECT_EQ(tree_text(*snapshot),
            "a/\na/b/\na/b/c 1 bytes, 1 links\na/b/l -> c\na/d/\na/d/e/\n");
}

TEST(TreeBuilder, DirectoriesHaveTheDateThatWasGivenFirst) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_directory("a/b", 5));
    ASSERT_TRUE(tree.add_directory("a", 6));
    ASSERT_TRUE(tree.add_directory("a/b", 7));
  });
  EXPECT_EQ(node_at(*snapshot, "a")->mtime, kTestTime);
  EXPECT_EQ(node_at(*snapshot, "a/b")->mtime, 5);
  EXPECT_EQ(node_at(*snapshot, "")->mtime, kTestTime);
}

TEST(TreeBuilder, AddingADirectoryAgainFindsIt) {
  const ScratchDir dir;
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    const Result<NodeId> first = tree.add_directory("a/b");
    EXPECT_EQ(*tree.add_directory("a/b"), *first);
    EXPECT_NE(*tree.add_directory("a"), *first);
  });
}

TEST(TreeBuilder, RefusedPathsLeaveATreeThatCommits) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    const RemoteFile file = remote_file_named("f", 1);
    ASSERT_TRUE(tree.add_file("a/f", file, 0));
    ASSERT_TRUE(tree.add_symlink("s", "a", 0));
    for (const char* path :
         {"a/f", "a", "a/f/g", "s/g", "../x", "/x", "", "x//y", "x/"}) {
      const Result<NodeId> refused = tree.add_file(path, file, 0);
      EXPECT_FALSE(refused) << path;
      EXPECT_EQ(refused.error().code, ErrorCode::kInvalid) << path;
    }
    EXPECT_FALSE(tree.add_directory("a/f"));
    EXPECT_FALSE(tree.add_directory("a/f/g"));
    EXPECT_FALSE(tree.add_link("a", 1));
    EXPECT_FALSE(tree.add_symlink("t", "", 0));
    EXPECT_FALSE(tree.add_symlink("t", std::string("a\0b", 3), 0));
    EXPECT_FALSE(tree.add_file("u", RemoteFile(), 0)) << "no url";
  });
  EXPECT_EQ(tree_text(*snapshot), "a/\na/f 1 bytes, 1 links\ns -> a\n");
}

TEST(TreeBuilder, TheErrorNamesThePath) {
  const ScratchDir dir;
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("a/f", "", 0));
    EXPECT_EQ(tree.add_inline_file("a/f", "", 0).error().message,
              "\"a/f\" is taken");
    EXPECT_EQ(tree.add_inline_file("a/f/g", "", 0).error().message,
              "\"a/f\": \"f\" is a file, not a directory");
  });
}

TEST(TreeBuilder, ASnapshotHasOneRoot) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  ASSERT_TRUE(TreeBuilder::create(*writer, 0));
  EXPECT_FALSE(TreeBuilder::create(*writer, 0));
}

TEST(TreeBuilder, WhatFindsItsNameTakenLeavesNothingBehind) {
  const ScratchDir dir;
  const std::string large(3 * kChunkBytes, 'x');
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("f", "first", 0));
    ASSERT_FALSE(tree.add_inline_file("f", large, 0));
    ASSERT_FALSE(tree.add_symlink("f", "x", 0));
    ASSERT_FALSE(tree.add_file("f", remote_file_named("f", 4), 0));
    ASSERT_FALSE(tree.begin_inline_file("f", 0));
    ASSERT_TRUE(tree.add_inline_file("g", large, 0));
  });
  EXPECT_EQ(*snapshot->inline_bytes(node_at(*snapshot, "f")->id, 0, 99),
            "first");
  EXPECT_EQ(
      *snapshot->inline_bytes(node_at(*snapshot, "g")->id, 0, large.size()),
      large);
}

}  // namespace
}  // namespace omicsfs
