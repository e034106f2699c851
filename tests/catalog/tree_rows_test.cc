// SPDX-License-Identifier: MIT
#include "catalog/tree_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "catalog/snapshot_schema.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

class TreeRowsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database_.execute(kSnapshotTables)); }

  Result<void> write() {
    RowWriter writer(database_);
    auto written = rows_.write(writer, {});
    return written ? writer.flush() : written;
  }

  NodeId add(const TreeRows::Node& node) { return *rows_.add_node(node); }
  NodeId directory() { return add({NodeKind::kDirectory, 0, 7}); }
  NodeId inline_file(std::string_view bytes) {
    return add({NodeKind::kInlineFile, bytes.size(), 8, 0, bytes});
  }

  std::int64_t number(const std::string& sql) {
    return *database_.query_integer(sql);
  }

  ScratchDir dir_;
  Database database_ = *Database::open(dir_ / "d", OpenMode::kReadWriteCreate);
  TreeRows rows_{dir_.path()};
};

TEST_F(TreeRowsTest, NodesAreKeptAsTheyWereGiven) {
  const NodeId root = directory();
  const NodeId mapped =
      add({NodeKind::kRemoteFile, 1'000'000'000'000, -5, 12, {}, true});
  const NodeId empty = inline_file("");
  const NodeId large = add({NodeKind::kInlineFile, 0, 9});
  rows_.set_content(large, 5000, 77);
  for (const auto& [name, node] :
       {std::pair("m", mapped), std::pair("e", empty), std::pair("l", large)}) {
    ASSERT_TRUE(*rows_.add_entry(root, name, node));
  }
  ASSERT_TRUE(write());
  const auto holds = [&](NodeId id, const std::string& condition) {
    return number("SELECT " + condition +
                  " FROM nodes WHERE id = " + std::to_string(id));
  };
  EXPECT_EQ(holds(root,
                  "kind = 1 AND mtime = 7 AND links = 2 AND content IS "
                  "NOT NULL AND parent IS NULL AND position IS NULL AND "
                  "bytes IS NULL"),
            1);
  EXPECT_EQ(holds(mapped,
                  "kind = 5 AND size = 1000000000000 AND mtime = -5 "
                  "AND content = 12 AND links = 1 AND bytes IS NULL "
                  "AND parent = 1 AND position = 3"),
            1);
  EXPECT_EQ(holds(empty,
                  "kind = 3 AND size = 0 AND bytes = x'' AND "
                  "position = 1"),
            1);
  EXPECT_EQ(holds(large, "size = 5000 AND bytes IS NULL AND position = 2"), 1);
}

TEST_F(TreeRowsTest, LinksAndPlacesAreThoseOfTheWholeTree) {
  const NodeId root = directory();
  const NodeId second = directory();
  const NodeId first = directory();
  const NodeId file = inline_file("x");
  ASSERT_TRUE(*rows_.add_entry(second, "z", file));
  ASSERT_TRUE(*rows_.add_entry(root, "b", second));
  ASSERT_TRUE(*rows_.add_entry(root, "a", first));
  ASSERT_TRUE(*rows_.add_entry(second, "y", file));
  ASSERT_TRUE(*rows_.add_entry(first, "q", file));
  ASSERT_TRUE(write());
  EXPECT_EQ(number("SELECT links FROM nodes WHERE id = 1"), 4);
  EXPECT_EQ(number("SELECT links FROM nodes WHERE id = 4"), 3);
  // Its first entry is that of the least directory, and there of the least
  // name.
  EXPECT_EQ(number("SELECT parent * 10 + position FROM nodes WHERE id = 4"),
            second * 10 + 1);
  EXPECT_EQ(number("SELECT group_concat(name, '') = 'abyzq' FROM (SELECT name "
                   "FROM entries ORDER BY parent, name)"),
            1);
  // The first of each directory.
  EXPECT_EQ(number("SELECT group_concat(name, '') = 'ayq' AND "
                   "max(position) = 1 FROM (SELECT name, position "
                   "FROM signposts ORDER BY parent, position)"),
            1);
}

TEST_F(TreeRowsTest, ANameThatIsTakenIsNotGivenTwice) {
  const NodeId root = directory();
  const NodeId file = inline_file("x");
  EXPECT_TRUE(*rows_.add_entry(root, "a", file));
  EXPECT_TRUE(rows_.has_entry(root, "a"));
  EXPECT_FALSE(*rows_.add_entry(root, "a", file));
  ASSERT_TRUE(write());
  EXPECT_EQ(number("SELECT links FROM nodes WHERE id = 2"), 1);
}

// More than is held in memory.
TEST_F(TreeRowsTest, ALargeTreeIsWhole) {
  constexpr int kFiles = 60'000;
  const NodeId root = directory();
  std::vector<int> numbers(kFiles);
  std::generate(numbers.begin(), numbers.end(),
                [next = 0]() mutable { return next++; });
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937(3));
  const std::string tail(400, 't');
  for (const int file : numbers) {
    const std::string name = std::to_string(1'000'000 + file);
    ASSERT_TRUE(*rows_.add_entry(root, name + tail.substr(0, 200),
                                 inline_file(name + tail)));
  }
  ASSERT_TRUE(write());
  EXPECT_EQ(number("SELECT count(*) FROM nodes"), kFiles + 1);
  EXPECT_EQ(number("SELECT count(*) FROM entries JOIN nodes ON nodes.id = node "
                   "WHERE name = substr(CAST(bytes AS TEXT), 1, 207) AND "
                   "name LIKE (999999 + nodes.position) || 't%'"),
            kFiles);
  EXPECT_EQ(number("SELECT count(*) FROM signposts WHERE position % 64 = 1 AND "
                   "name LIKE (999999 + position) || 't%'"),
            (kFiles + 63) / 64);
}

}  // namespace
}  // namespace omicsfs
