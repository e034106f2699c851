// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>
#include <random>
#include <string>

#include "catalog/snapshot.h"
#include "catalog/sqlite.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

void fill(TreeBuilder& tree) {
  for (int number = 0; number < 300; ++number) {
    const std::string name = std::to_string(number);
    const Result<NodeId> file =
        tree.add_file("d" + name.substr(0, 1) + "/file-" + name,
                      remote_file_named(name, 1000), kTestTime);
    ASSERT_TRUE(file);
    ASSERT_TRUE(tree.set_xattr(*file, "omicsfs.release", "20240101"));
  }
  ASSERT_TRUE(tree.add_inline_file("README.txt", std::string(9000, 'r'), 0));
  ASSERT_TRUE(tree.add_symlink("latest", "d1", 0));
}

// Reads all there is; what comes is of no interest here, only that it ends.
void read_everything(const Snapshot& snapshot) {
  static_cast<void>(tree_text(snapshot));
  for (NodeId id = 1; id < 320; ++id) {
    static_cast<void>(snapshot.remote_file(id).has_value());
    static_cast<void>(snapshot.inline_bytes(id, 0, 1 << 20).has_value());
    static_cast<void>(snapshot.symlink_target(id).has_value());
    static_cast<void>(snapshot.xattrs(id).has_value());
    static_cast<void>(snapshot.parent_of(id).has_value());
    static_cast<void>(snapshot.first_entry(id).has_value());
  }
}

TEST(DamagedSnapshot, CutAtAnyLengthIsNeverOpened) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  const std::string whole = read_file(dir / "s");
  ASSERT_TRUE(Snapshot::open(dir / "s"));
  for (std::size_t length = 0; length < whole.size(); length += 509) {
    write_file(dir / "cut", std::string_view(whole).substr(0, length));
    const auto snapshot = Snapshot::open(dir / "cut");
    ASSERT_FALSE(snapshot) << length;
    ASSERT_EQ(snapshot.error().code, ErrorCode::kCorrupt)
        << length << ": " << snapshot.error().message;
  }
  write_file(dir / "cut", whole + "x");
  EXPECT_FALSE(Snapshot::open(dir / "cut")) << "one byte too many";
}

TEST(DamagedSnapshot, FlippedBytesNeverCrash) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  const std::string whole = read_file(dir / "s");
  std::mt19937 random(20240101);  // a fixed seed: the same damage each time
  std::uniform_int_distribution<std::size_t> place(0, whole.size() - 1);
  std::uniform_int_distribution<int> bit(0, 7);
  for (int round = 0; round < 150; ++round) {
    std::string damaged = whole;
    for (int flips = 0; flips <= round % 20; ++flips) {
      char& byte = damaged[place(random)];
      byte = static_cast<char>(byte ^ (1 << bit(random)));
    }
    write_file(dir / "bad", damaged);
    const auto snapshot = Snapshot::open(dir / "bad");
    if (snapshot) {
      read_everything(**snapshot);
    }
  }
}

TEST(DamagedSnapshot, ZeroedPagesNeverCrash) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  const std::string whole = read_file(dir / "s");
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    std::string damaged = whole;
    damaged.replace(page * 4096, 4096, 4096, '\0');
    write_file(dir / "bad", damaged);
    const auto snapshot = Snapshot::open(dir / "bad");
    if (snapshot) {
      read_everything(**snapshot);
    }
  }
}

TEST(DamagedSnapshot, WhatIsNoSnapshotIsCorrupt) {
  const ScratchDir dir;
  write_file(dir / "text", std::string(8192, 't'));
  EXPECT_EQ(Snapshot::open(dir / "text").error().code, ErrorCode::kCorrupt);
  write_file(dir / "empty", "");
  EXPECT_EQ(Snapshot::open(dir / "empty").error().code, ErrorCode::kCorrupt);
  Result<Database> other =
      Database::open(dir / "other", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(other->execute("CREATE TABLE t(a)"));
  const auto snapshot = Snapshot::open(dir / "other");
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(snapshot.error().message.find("not a catalog snapshot"),
            std::string::npos);
}

// Runs `sql` on a whole snapshot and says what opening it then gives.
Error opened_after(const std::string& sql) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  Result<Database> database =
      Database::open(dir / "s", OpenMode::kReadWriteCreate);
  EXPECT_TRUE(database->execute(sql));
  const auto snapshot = Snapshot::open(dir / "s");
  EXPECT_FALSE(snapshot);
  return snapshot.error();
}

TEST(DamagedSnapshot, AnotherSchemaVersionSaysSoAndWhatToDo) {
  EXPECT_EQ(opened_after("PRAGMA user_version=0").code, ErrorCode::kInvalid);
  const Error error = opened_after("PRAGMA user_version=999");
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find("schema version 999"), std::string::npos);
  EXPECT_NE(error.message.find("omicsfs refresh"), std::string::npos);
}

TEST(DamagedSnapshot, AnOlderSchemaIsReadWhereItHasWhatIsAsked) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  Result<Database> database =
      Database::open(dir / "s", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(database->execute("PRAGMA user_version=1"));
  const auto snapshot = Snapshot::open(dir / "s");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->header().schema, 1);
  read_everything(**snapshot);
  const Error lacking =
      opened_after("PRAGMA user_version=1; DROP TABLE signposts");
  EXPECT_EQ(lacking.code, ErrorCode::kInvalid);
  EXPECT_NE(lacking.message.find("schema version 1"), std::string::npos);
}

TEST(DamagedSnapshot, ASchemaWithoutNumbersOfNodesIsRead) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  Result<Database> database =
      Database::open(dir / "s", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(
      database->execute("PRAGMA user_version=7; DROP TABLE numbers;"
                        "ALTER TABLE nodes DROP COLUMN number"));
  const auto snapshot = Snapshot::open(dir / "s");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  read_everything(**snapshot);
  const auto root = (*snapshot)->node(kRootNode);
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE((*snapshot)->numbered(root->number));
}

TEST(DamagedSnapshot, OneThatWasNotCommittedIsCorrupt) {
  const Error error = opened_after("DELETE FROM meta WHERE name='complete'");
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
}

TEST(DamagedSnapshot, WrongValuesInTheRowsAreCorrupt) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  std::vector<NodeId> ids;
  {
    const auto whole = Snapshot::open(dir / "s");
    for (const char* name : {"10", "11", "12", "13", "14"}) {
      ids.push_back(node_at(**whole, std::string("d1/file-") + name)->id);
    }
  }
  const auto node = [&ids](std::size_t index) {
    return " WHERE id = " + std::to_string(ids[index]) + ";";
  };
  const auto content = [&ids](std::size_t index, const std::string& column) {
    return " WHERE " + column + " = (SELECT content FROM nodes WHERE id = " +
           std::to_string(ids[index]) + ");";
  };
  Result<Database> database =
      Database::open(dir / "s", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(database->execute(
      "UPDATE nodes SET kind = 9" + node(0) + "UPDATE nodes SET size = -1" +
      node(1) + "UPDATE contents SET digest = 'md5:xyz'" + content(2, "id") +
      "UPDATE contents SET urls = ''" + content(3, "id") +
      "UPDATE nodes SET content = 12345" + node(4) +
      "UPDATE entries SET name = 'a/b' WHERE name = 'README.txt';"));
  const auto snapshot = Snapshot::open(dir / "s");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->node(ids[0]).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ((*snapshot)->node(ids[1]).error().code, ErrorCode::kCorrupt);
  for (std::size_t index = 2; index < ids.size(); ++index) {
    EXPECT_EQ((*snapshot)->remote_file(ids[index]).error().code,
              ErrorCode::kCorrupt)
        << index;
  }
  EXPECT_EQ((*snapshot)->list(kRootNode, 0, 99).error().code,
            ErrorCode::kCorrupt);
}

TEST(DamagedSnapshot, AShortChunkIsCorruptAndNoEndOfTheFile) {
  const ScratchDir dir;
  write_snapshot(dir / "s", fill);
  NodeId readme = 0;
  {
    const auto whole = Snapshot::open(dir / "s");
    readme = node_at(**whole, "README.txt")->id;
  }
  {
    Result<Database> database =
        Database::open(dir / "s", OpenMode::kReadWriteCreate);
    ASSERT_TRUE(database->execute("UPDATE chunks SET bytes = x'72616263'"));
  }
  const auto snapshot = Snapshot::open(dir / "s");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ(*(*snapshot)->inline_bytes(readme, 0, 3), "abc");
  const auto more = (*snapshot)->inline_bytes(readme, 1, 3);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kCorrupt);
}

TEST(DamagedSnapshot, AHalfWrittenFileIsNotOpened) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  ASSERT_TRUE(writer->add_directory(0));
  const std::filesystem::path half =
      std::filesystem::directory_iterator(dir.path())->path();
  EXPECT_EQ(Snapshot::open(half).error().code, ErrorCode::kNotFound);
  // What a killed writer leaves: the same bytes, with nobody's lock on them.
  std::filesystem::copy_file(half, dir / "left");
  const auto left = Snapshot::open(dir / "left");
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, ErrorCode::kCorrupt) << left.error().message;
}

}  // namespace
}  // namespace omicsfs
