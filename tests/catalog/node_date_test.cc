// SPDX-License-Identifier: MIT
#include "catalog/node_date.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

using Fill = std::function<void(TreeBuilder&)>;
using Dates = std::map<std::string, std::int64_t>;

TEST(UndatedDate, IsTheFirstClueThatThereIs) {
  const DateClues all{.before = 1, .changed = 2, .outdated = {}, .document = 3};
  EXPECT_EQ(undated_date(all), 1);
  EXPECT_EQ(undated_date({.changed = 2, .document = 3}), 2);
  EXPECT_EQ(undated_date({.document = 3}), 3);
  EXPECT_EQ(undated_date({}), kFixedDate);
}

TEST(UndatedDate, IsLaterThanTheLastOneWhereTheDirectoryChanged) {
  EXPECT_EQ(undated_date({.changed = 20, .outdated = 10}), 20);
  EXPECT_EQ(undated_date({.changed = 20, .outdated = 20}), 21);
  EXPECT_EQ(undated_date({.changed = 20, .outdated = 30}), 31);
}

// Snapshots of one source, each made at a later time than the last.
class NodeDatesTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kFirst = 1'700'000'000;
  static constexpr std::int64_t kStep = 1000;

  // The dates of all nodes of the next snapshot, by path.
  Dates next(const Fill& fill) {
    write(fill);
    return dates();
  }
  // Nothing is known of a snapshot before the next one.
  void forget() { last_.reset(); }
  [[nodiscard]] std::int64_t now() const { return kFirst + made_ * kStep; }

 private:
  void write(const Fill& fill) {
    ++made_;
    const auto path = dir_ / ("s" + std::to_string(made_));
    auto writer = SnapshotWriter::create(path, {"test", 1, now()});
    ASSERT_TRUE(writer);
    writer->keep_dates_of(last_);
    auto tree = TreeBuilder::create(*writer, kUndated);
    ASSERT_TRUE(tree);
    fill(*tree);
    const auto done = writer->commit();
    ASSERT_TRUE(done) << done.error().message;
    const auto opened = Snapshot::open(path);
    ASSERT_TRUE(opened);
    last_ = *opened;
  }
  Dates dates() {
    Dates found;
    collect(*last_->node(kRootNode), "", found);
    return found;
  }
  void collect(const NodeFacts& node, const std::string& path, Dates& found) {
    found[path] = node.mtime;
    const auto entries = last_->list(node.id, 0, 1000);
    ASSERT_TRUE(entries);
    for (const DirectoryEntry& entry : *entries) {
      collect(entry.node, path + "/" + entry.name, found);
    }
  }

  ScratchDir dir_;
  std::shared_ptr<const Snapshot> last_;
  std::int64_t made_ = 0;
};

void add_undated(TreeBuilder& tree) {
  ASSERT_TRUE(tree.add_file("d/f", remote_file_named("f", 5), kUndated));
  ASSERT_TRUE(tree.add_inline_file("d/README.txt", "text", kUndated));
  ASSERT_TRUE(tree.add_symlink("link", "d", kUndated));
}

TEST_F(NodeDatesTest, WithoutAnyDateAllAreTheFixedOne) {
  const Dates dates = next(add_undated);
  EXPECT_EQ(dates.size(), 5U);
  for (const auto& [path, date] : dates) {
    EXPECT_EQ(date, kFixedDate) << path;
  }
}

TEST_F(NodeDatesTest, AFirstCatalogTakesThemFromItsDocuments) {
  const Fill fill = [](TreeBuilder& tree) {
    tree.set_document_date(500);
    add_undated(tree);
    tree.set_document_date(700);
    ASSERT_TRUE(tree.add_file("g", remote_file_named("g", 5), kUndated));
    tree.set_document_date(std::nullopt);
    ASSERT_TRUE(tree.add_file("h", remote_file_named("h", 5), kUndated));
    ASSERT_TRUE(tree.add_file("i", remote_file_named("i", 5), 600));
  };
  const Dates dates = next(fill);
  EXPECT_EQ(dates.at("/d/f"), 500);
  EXPECT_EQ(dates.at("/g"), 700);
  EXPECT_EQ(dates.at("/h"), kFixedDate);
  EXPECT_EQ(dates.at("/i"), 600);
  for (const char* path : {"", "/d", "/d/README.txt", "/link"}) {
    EXPECT_EQ(dates.at(path), 700) << path;
  }
  forget();
  EXPECT_EQ(next(fill), dates) << "made anew from the same documents";
}

TEST_F(NodeDatesTest, WhatIsUnchangedKeepsItsDateWhateverItsDocumentSays) {
  const Dates before = next([](TreeBuilder& tree) {
    tree.set_document_date(500);
    add_undated(tree);
  });
  const Dates after = next([](TreeBuilder& tree) {
    tree.set_document_date(900);
    ASSERT_TRUE(tree.add_file("a/new", remote_file_named("n", 5), kUndated));
    add_undated(tree);
  });
  for (const char* path : {"/d", "/d/f", "/d/README.txt", "/link"}) {
    EXPECT_EQ(after.at(path), before.at(path)) << path;
  }
  EXPECT_EQ(after.at("/a/new"), 900);
  EXPECT_EQ(after.at("/a"), now());
  EXPECT_EQ(after.at(""), now()) << "it lists another name";
}

TEST_F(NodeDatesTest, WhatChangesIsAsNewAsTheRefreshOrAsItsDocument) {
  const auto tree_of = [](std::int64_t document, std::uint64_t size,
                          const char* text, const char* target) {
    return [=](TreeBuilder& tree) {
      tree.set_document_date(document);
      ASSERT_TRUE(tree.add_file("d/f", remote_file_named("f", size), kUndated));
      ASSERT_TRUE(tree.add_inline_file("README.txt", text, kUndated));
      ASSERT_TRUE(tree.add_symlink("link", target, kUndated));
    };
  };
  next(tree_of(500, 5, "one", "d"));
  const Dates after = next(tree_of(900, 6, "two", "e"));
  EXPECT_EQ(after.at("/d/f"), 900);
  for (const char* path : {"", "/d", "/README.txt", "/link"}) {
    EXPECT_EQ(after.at(path), now()) << path;
  }
  const Dates again = next(tree_of(900, 6, "two", "e"));
  EXPECT_EQ(again, after);
}

TEST_F(NodeDatesTest, ADateThatIsToldIsTaken) {
  const auto tree_of = [](std::int64_t date) {
    return [=](TreeBuilder& tree) {
      RemoteFile file = remote_file_named("f", 5);
      file.validator = "etag";
      ASSERT_TRUE(tree.add_file("f", file, date));
    };
  };
  EXPECT_EQ(next(tree_of(100)).at("/f"), 100);
  EXPECT_EQ(next(tree_of(50)).at("/f"), 50);
}

}  // namespace
}  // namespace omicsfs
