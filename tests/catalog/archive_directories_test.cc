// SPDX-License-Identifier: MIT
#include "catalog/archive_directories.h"

#include <gtest/gtest.h>

#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/fake_archives.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

TEST(ArchiveChoice, IsByTheNamesThatArchivesHaveUnlessItIsSaid) {
  const ArchiveChoice choice;
  EXPECT_TRUE(choice.has("a.zip"));
  EXPECT_TRUE(choice.has("deep/er/A.ZIP"));
  EXPECT_TRUE(choice.has("x.npz"));
  EXPECT_FALSE(choice.has("a.zip.txt"));
  EXPECT_FALSE(choice.has("zip"));
  EXPECT_EQ(choice.text(), "*.zip:*.npz");
}

TEST(ArchiveChoice, TakesPatternsOfPaths) {
  const auto choice = ArchiveChoice::parse("runs/*.npz:?.zip:[ab]\\*");
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->has("runs/1/x.npz"));
  EXPECT_FALSE(choice->has("other/x.npz"));
  EXPECT_TRUE(choice->has("a.zip"));
  EXPECT_FALSE(choice->has("ab.zip"));
  EXPECT_TRUE(choice->has("b\\c")) << "a backslash is a character";
  EXPECT_EQ(choice->text(), "runs/*.npz:?.zip:[ab]\\*");
}

TEST(ArchiveChoice, NoneIsNoneAndNothingIsAMistake) {
  const auto none = ArchiveChoice::parse("none");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->is_none());
  EXPECT_FALSE(none->has("a.zip"));
  EXPECT_EQ(none->text(), "none");
  for (const std::string bad : {"", ":", "*.zip:", ":*.zip", "a::b"}) {
    const auto choice = ArchiveChoice::parse(bad);
    ASSERT_FALSE(choice) << bad;
    EXPECT_EQ(choice.error().code, ErrorCode::kInvalid);
  }
}

RemoteFile file_at(const std::string& url) {
  RemoteFile file;
  file.urls = {url};
  file.size = 1000;
  return file;
}

// An array of two rows, 4 columns each.
std::string small_array() {
  std::string dictionary =
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 4), }";
  dictionary.resize(118, ' ');
  return std::string("\x93NUMPY\x01\0\x76\0", 10) + dictionary +
         std::string(16, 'x');
}

// A tree of archives and of names that are in their way.
class ArchiveDirectoriesTest : public ::testing::Test {
 protected:
  // Puts the files of `urls`, named as their last part, below "f/".
  std::string tree_of(const std::vector<std::string>& names) {
    const auto snapshot =
        composed_snapshot(dir_.path() / "s.sqlite", [&](TreeBuilder& tree) {
          tree.on_file(
              [this](const AddedFile& added) { directories_.see(added); });
          for (const std::string& name : names) {
            const auto view = views_.find(name);
            ASSERT_TRUE(tree.add_file(
                "f/" + name, file_at(name), 1,
                view == views_.end() ? FileView() : view->second));
          }
          result_ = add_to(tree);
        });
    return tree_text(*snapshot);
  }
  Result<void> add_to(TreeBuilder& tree) {
    const SourceSettings settings;
    const Download download;
    const ArchiveAccess access = archives_.access();
    const SourceInput input{
        settings,
        download,
        [](std::string_view, std::uint64_t, std::uint64_t) {},
        [this](const std::string& text) { warnings_.push_back(text); },
        0,
        &access};
    return directories_.add(input, tree);
  }

  const ScratchDir dir_;
  FakeArchives archives_;
  std::map<std::string, FileView> views_;  // by name
  ArchiveDirectories directories_{ArchiveChoice()};
  std::vector<std::string> warnings_;
  Result<void> result_;
};

TEST_F(ArchiveDirectoriesTest, StandBesideTheirFiles) {
  archives_.add("a.zip", {{"README", "hello"}, {"sub/", ""}, {"sub/x", "12"}});
  archives_.add("b.npz", {{"arr_0.npy", "123"}, {"in.zip", "1234"}});
  EXPECT_EQ(tree_of({"a.zip", "b.npz", "c.txt"}),
            "f/\n"
            "f/a.zip 1000 bytes, 1 links\n"
            "f/a.zip.d/\n"
            "f/a.zip.d/README 5 bytes, 1 links\n"
            "f/a.zip.d/sub/\n"
            "f/a.zip.d/sub/x 2 bytes, 1 links\n"
            "f/b.npz 1000 bytes, 1 links\n"
            "f/b.npz.d/\n"
            "f/b.npz.d/arr_0.npy 3 bytes, 1 links\n"
            "f/b.npz.d/in.zip 4 bytes, 1 links\n"
            "f/c.txt 1000 bytes, 1 links\n");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(ArchiveDirectoriesTest, AreLeftOutWhereTheNameIsTaken) {
  archives_.add("a.zip", {{"x", "12"}});
  EXPECT_EQ(tree_of({"a.zip", "a.zip.d"}),
            "f/\n"
            "f/a.zip 1000 bytes, 1 links\n"
            "f/a.zip.d 1000 bytes, 1 links\n");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(warnings_[0].starts_with("\"f/a.zip\" is not shown as a "));
}

TEST_F(ArchiveDirectoriesTest, AnArchiveThatCannotBeListedStaysAFile) {
  archives_.add("a.zip", {{"x", "12"}});
  archives_.fail("a.zip", {ErrorCode::kInvalid, "no zip archive"});
  archives_.add("b.zip", {{"y", "1"}});
  EXPECT_EQ(tree_of({"a.zip", "b.zip"}),
            "f/\n"
            "f/a.zip 1000 bytes, 1 links\n"
            "f/b.zip 1000 bytes, 1 links\n"
            "f/b.zip.d/\n"
            "f/b.zip.d/y 1 bytes, 1 links\n");
  EXPECT_TRUE(result_);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(warnings_[0].ends_with(": no zip archive")) << warnings_[0];
}

TEST_F(ArchiveDirectoriesTest, AnInterruptEndsTheRefresh) {
  archives_.add("a.zip", {{"x", "12"}});
  archives_.fail("a.zip", {ErrorCode::kInterrupted, "interrupted"});
  tree_of({"a.zip"});
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code, ErrorCode::kInterrupted);
}

TEST_F(ArchiveDirectoriesTest, StandWhereTheirViewsSayWhateverTheirNames) {
  for (const std::string name : {"a.zip", "b.bin", "c.bin", "d.zip"}) {
    archives_.add(name, {{"x", "12"}});
  }
  views_ = {{"a.zip", {"", {}}},
            {"b.bin", {"f/b.bin.d", {}}},
            {"c.bin", {"else/where", {}}}};
  EXPECT_EQ(tree_of({"a.zip", "b.bin", "c.bin", "d.zip"}),
            "else/\n"
            "else/where/\n"
            "else/where/x 2 bytes, 1 links\n"
            "f/\n"
            "f/a.zip 1000 bytes, 1 links\n"
            "f/b.bin 1000 bytes, 1 links\n"
            "f/b.bin.d/\n"
            "f/b.bin.d/x 2 bytes, 1 links\n"
            "f/c.bin 1000 bytes, 1 links\n"
            "f/d.zip 1000 bytes, 1 links\n"
            "f/d.zip.d/\n"
            "f/d.zip.d/x 2 bytes, 1 links\n");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(ArchiveDirectoriesTest, TwoOfOnePlaceAreOneAndAWarning) {
  archives_.add("a.zip", {{"x", "12"}});
  archives_.add("b.zip", {{"y", "12"}});
  views_ = {{"a.zip", {"d", {}}}, {"b.zip", {"d", {}}}};
  const std::string tree = tree_of({"a.zip", "b.zip"});
  EXPECT_NE(tree.find("d/x"), std::string::npos) << tree;
  EXPECT_EQ(tree.find("d/y"), std::string::npos) << tree;
  ASSERT_EQ(warnings_.size(), 1U);
}

TEST_F(ArchiveDirectoriesTest, ColumnsStandBesideTheMembersThatHaveThem) {
  archives_.add("a.npz", {{"m/emb.npy", small_array()}, {"i.npy", "no"}});
  archives_.add("b.npz", {{"emb.npy", small_array()}});
  views_ = {{"a.npz",
             {std::nullopt,
              {{"m/emb", {{"left", 0, 2}, {"far", 3, 5}}},
               {"i", {{"x", 0, 1}}},
               {"none", {{"x", 0, 1}}}}}},
            {"b.npz", {"", {{"emb", {{"all", 0, 4}}}}}}};
  EXPECT_EQ(tree_of({"a.npz", "b.npz"}),
            "f/\n"
            "f/a.npz 1000 bytes, 1 links\n"
            "f/a.npz.d/\n"
            "f/a.npz.d/i.npy 2 bytes, 1 links\n"
            "f/a.npz.d/m/\n"
            "f/a.npz.d/m/emb/\n"
            "f/a.npz.d/m/emb/left.npy 4104 bytes, 1 links\n"
            "f/a.npz.d/m/emb.npy 144 bytes, 1 links\n"
            "f/b.npz 1000 bytes, 1 links\n"
            "f/b.npz.d/\n"
            "f/b.npz.d/emb/\n"
            "f/b.npz.d/emb/all.npy 4112 bytes, 1 links\n");
  ASSERT_TRUE(result_);
  ASSERT_EQ(warnings_.size(), 3U);
  EXPECT_EQ(warnings_[0],
            "the columns at \"f/a.npz.d/i\" are not shown: it is too short "
            "for an array");
  EXPECT_EQ(warnings_[1],
            "the columns at \"f/a.npz.d/m/emb\" are not shown: 1 of its "
            "blocks of columns: it has 4 columns");
  EXPECT_EQ(warnings_[2],
            "the columns at \"f/a.npz.d/none\" are not shown: there is no "
            "member \"none.npy\"");
}

TEST_F(ArchiveDirectoriesTest, AMemberInTheWayOfABlockStays) {
  archives_.add("a.npz", {{"e.npy", small_array()}, {"e/left.npy", "mine"}});
  views_ = {
      {"a.npz", {std::nullopt, {{"e", {{"left", 0, 2}, {"right", 2, 4}}}}}}};
  const std::string tree = tree_of({"a.npz"});
  EXPECT_NE(tree.find("e/left.npy 4 bytes"), std::string::npos) << tree;
  EXPECT_NE(tree.find("e/right.npy 4104 bytes"), std::string::npos) << tree;
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(warnings_[0].ends_with("is taken")) << warnings_[0];
}

TEST_F(ArchiveDirectoriesTest, AnArrayHasItsColumnsWhateverItsName) {
  const FileView view{std::nullopt, {{"", {{"left", 0, 2}, {"all", 0, 4}}}}};
  for (const std::string name : {"a.npy", "b.npz", "c", "d"}) {
    archives_.add_file(name, small_array());
    views_[name] = view;
  }
  archives_.add_file("c", "no array at all");
  EXPECT_EQ(tree_of({"a.npy", "b.npz", "c", "d", "d.d"}),
            "f/\n"
            "f/a.npy 1000 bytes, 1 links\n"
            "f/a.npy.d/\n"
            "f/a.npy.d/all.npy 4112 bytes, 1 links\n"
            "f/a.npy.d/left.npy 4104 bytes, 1 links\n"
            "f/b.npz 1000 bytes, 1 links\n"
            "f/b.npz.d/\n"
            "f/b.npz.d/all.npy 4112 bytes, 1 links\n"
            "f/b.npz.d/left.npy 4104 bytes, 1 links\n"
            "f/c 1000 bytes, 1 links\n"
            "f/d 1000 bytes, 1 links\n"
            "f/d.d 1000 bytes, 1 links\n");
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_TRUE(warnings_[0].starts_with("the columns at \"f/c.d\" are not "));
  EXPECT_TRUE(warnings_[1].starts_with("\"f/d\" is not shown as a "));
}

TEST_F(ArchiveDirectoriesTest, AReadThatFailsEndsTheRefreshOfColumnsAlone) {
  archives_.add("a.npz", {{"e.npy", small_array()}});
  archives_.fail("read a.npz", {ErrorCode::kUnavailable, "down"});
  tree_of({"a.npz"});
  EXPECT_TRUE(result_) << "its members are not read";
  views_ = {{"a.npz", {std::nullopt, {{"e", {{"left", 0, 2}}}}}}};
  directories_ = ArchiveDirectories(ArchiveChoice());
  tree_of({"a.npz"});
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code, ErrorCode::kUnavailable);
  archives_.fail("a.npz", {ErrorCode::kUnavailable, "down"});
  directories_ = ArchiveDirectories(ArchiveChoice());
  tree_of({"a.npz"});
  EXPECT_FALSE(result_) << "nor can it be listed";
}

}  // namespace
}  // namespace omicsfs
