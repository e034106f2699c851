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

// A tree of archives and of names that are in their way.
class ArchiveDirectoriesTest : public ::testing::Test {
 protected:
  // Puts the files of `urls`, named as their last part, below "f/".
  std::string tree_of(const std::vector<std::string>& names) {
    const auto snapshot =
        composed_snapshot(dir_.path() / "s.sqlite", [&](TreeBuilder& tree) {
          tree.on_file([this](std::string_view path, const RemoteFile& file) {
            directories_.see(path, file);
          });
          for (const std::string& name : names) {
            ASSERT_TRUE(tree.add_file("f/" + name, file_at(name), 1));
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

}  // namespace
}  // namespace omicsfs
