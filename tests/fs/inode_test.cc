// SPDX-License-Identifier: MIT
#include "fs/inode.h"

#include <gtest/gtest.h>
#include <linux/limits.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "fs/file_system.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

TEST(SourceSlots, DependOnTheNameAlone) {
  const auto alone = source_slots({"encode"});
  const auto among = source_slots({"abc-atlas", "encode", "genomekit"});
  const auto turned = source_slots({"genomekit", "encode", "abc-atlas"});
  EXPECT_EQ(alone[0], among[1]);
  EXPECT_EQ(among[0], turned[2]);
  EXPECT_EQ(among[2], turned[0]);
}

TEST(SourceSlots, AreUniqueAndNeverZero) {
  std::vector<std::string> names;
  for (int i = 0; i < 4000; ++i) {  // more than 100 of these share a hash
    names.push_back("source-" + std::to_string(i));
  }
  const auto slots = source_slots(names);
  const std::set<std::uint16_t> unique(slots.begin(), slots.end());
  EXPECT_EQ(unique.size(), names.size());
  EXPECT_EQ(unique.count(0), 0U);
  std::vector<std::string> turned(names.rbegin(), names.rend());
  auto again = source_slots(turned);
  std::reverse(again.begin(), again.end());
  EXPECT_EQ(again, slots);
}

class InodesTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Snapshot> snapshot(
      const std::function<void(TreeBuilder&)>& fill) {
    return composed_snapshot(dir_.path() / ("s" + std::to_string(++snapshots_)),
                             fill);
  }
  FileSystem mounted(std::vector<MountedSource> sources) {
    return {std::move(sources), world_.cache(), Owner{}};
  }
  static Inode inode_at(const FileSystem& files,
                        const std::vector<std::string>& path) {
    Inode inode = kRootInode;
    for (const std::string& name : path) {
      const auto found = files.lookup(inode, name);
      EXPECT_TRUE(found) << name;
      inode = found ? found->st_ino : 0;
    }
    return inode;
  }

  TemporaryDirectory dir_;
  CacheWorld world_{dir_.path() / "cache"};
  int snapshots_ = 0;
};

void add_one(TreeBuilder& tree) {
  ASSERT_TRUE(tree.add_file("d/f", remote_file_named("f", 5), 1));
}

TEST_F(InodesTest, AreTheSameWithOtherSourcesInAnyOrder) {
  const auto one = snapshot(add_one);
  const auto other = snapshot(add_one);
  const FileSystem alone = mounted({{"one", one}});
  const FileSystem first = mounted({{"one", one}, {"other", other}});
  const FileSystem last = mounted({{"other", other}, {"one", one}});
  const Inode inode = inode_at(alone, {"d", "f"});
  EXPECT_EQ(inode, inode_at(first, {"one", "d", "f"}));
  EXPECT_EQ(inode, inode_at(last, {"one", "d", "f"}));
  EXPECT_NE(inode, inode_at(first, {"other", "d", "f"}));
  EXPECT_EQ(inode_at(first, {"other"}), inode_at(last, {"other"}));
}

TEST_F(InodesTest, ANumberToldBeforeARestartMeansTheFileOrIsStale) {
  const auto before = snapshot([](TreeBuilder& tree) {
    add_one(tree);
    ASSERT_TRUE(tree.add_file("gone", remote_file_named("gone", 5), 1));
    ASSERT_TRUE(tree.add_file("changed", remote_file_named("c", 5), 1));
  });
  const auto after = snapshot([](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_file("added", remote_file_named("a", 5), 1));
    ASSERT_TRUE(tree.add_file("changed", remote_file_named("c", 6), 1));
    add_one(tree);
  });
  const FileSystem old = mounted({{"one", before}});
  const FileSystem restarted = mounted({{"one", after}});
  const auto same = restarted.attributes(inode_at(old, {"d", "f"}));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->st_size, 5);
  for (const char* name : {"gone", "changed"}) {
    const auto stale = restarted.attributes(inode_at(old, {name}));
    ASSERT_FALSE(stale) << name;
    EXPECT_EQ(stale.error().code, ErrorCode::kChanged) << name;
  }
  EXPECT_EQ(restarted.attributes(Inode{0xFFFF} << kSlotShift).error().code,
            ErrorCode::kChanged);
}

TEST_F(InodesTest, ListingsLookupsAndDotDotAgree) {
  const auto one = snapshot(add_one);
  const FileSystem files = mounted({{"one", one}, {"two", snapshot(add_one)}});
  const Inode source = inode_at(files, {"one"});
  const Inode directory = inode_at(files, {"one", "d"});
  const auto listed = files.list(directory, 0, 10);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 3U);
  EXPECT_EQ((*listed)[0].facts.st_ino, directory);
  EXPECT_EQ((*listed)[1].facts.st_ino, source);
  EXPECT_EQ((*listed)[2].facts.st_ino, inode_at(files, {"one", "d", "f"}));
  EXPECT_EQ(files.list(source, 0, 2)->at(1).facts.st_ino, kRootInode);
}

using XattrsTest = InodesTest;

TEST_F(XattrsTest, ThousandsOfAttributesFitTheListOfLinux) {
  const auto one = snapshot([](TreeBuilder& tree) {
    const auto file = tree.add_file("f", remote_file_named("f", 5), 1);
    for (int i = 0; i < 5000; ++i) {
      ASSERT_TRUE(tree.set_xattr(*file, "release." + std::to_string(i), "x"));
    }
    ASSERT_TRUE(tree.set_xattr(*file, std::string(300, 'n'), "long name"));
    std::string releases;
    for (int i = 0; i < 20'000; ++i) {
      releases += "\u00e9";
    }
    ASSERT_TRUE(tree.set_xattr(*file, "a.fitting", releases));
    ASSERT_TRUE(tree.set_xattr(*file, "a.long", releases + "x" + releases));
  });
  const FileSystem files = mounted({{"one", one}});
  const Inode inode = inode_at(files, {"f"});
  const auto names = files.xattr_names(inode);
  ASSERT_TRUE(names);
  EXPECT_GT(names->size(), 3000U);
  std::size_t bytes = 0;
  for (const std::string& name : *names) {
    EXPECT_LE(name.size(), std::size_t{XATTR_NAME_MAX});
    bytes += name.size() + 1;
    const auto value = files.xattr(inode, name);
    ASSERT_TRUE(value) << name;
    EXPECT_LE(value->size(), std::size_t{XATTR_SIZE_MAX}) << name;
  }
  EXPECT_LE(bytes, std::size_t{XATTR_LIST_MAX});
  EXPECT_EQ(files.xattr(inode, "user.a.fitting")->size(), 40'000U);
  const std::string cut = *files.xattr(inode, "user.a.long");
  EXPECT_TRUE(cut.ends_with("\u00e9\u2026"));
  EXPECT_GT(cut.size(), std::size_t{XATTR_SIZE_MAX} - 4);
}

TEST_F(XattrsTest, ASymlinkHasNone) {
  const auto one = snapshot([](TreeBuilder& tree) {
    const auto link = tree.add_symlink("l", "f", 1);
    ASSERT_TRUE(tree.set_xattr(*link, "encode.target", "x"));
  });
  const FileSystem files = mounted({{"one", one}});
  const Inode inode = inode_at(files, {"l"});
  EXPECT_TRUE(files.xattr_names(inode)->empty());
  for (const char* name : {"user.omicsfs.source", "user.encode.target"}) {
    EXPECT_EQ(files.xattr(inode, name).error().code, ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace omicsfs
