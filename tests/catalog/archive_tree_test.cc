// SPDX-License-Identifier: MIT
#include "catalog/archive_tree.h"

#include <gtest/gtest.h>

#include "catalog/archive_guard.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

ArchiveMember member(const std::string& name, std::uint64_t size = 10,
                     std::uint64_t compressed = 5) {
  ArchiveMember member;
  member.name = name;
  member.size = size;
  member.compressed_size = compressed;
  member.header_offset = 100;
  member.method = MemberMethod::kDeflated;
  return member;
}

// The tree that `members` make, and what was warned of.
struct Made {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::string> warnings;
  ArchiveTotals totals;
};

Made made_of(const ScratchDir& dir, const ArchiveMembers& members) {
  Made made;
  made.snapshot =
      composed_snapshot(dir.path() / "s.sqlite", [&](TreeBuilder& tree) {
        RemoteFile archive;
        archive.urls = {"https://h/a.zip"};
        archive.size = 1000;
        const std::function<void(std::string)> warn =
            [&made](const std::string& text) { made.warnings.push_back(text); };
        const auto totals = add_archive(
            tree, "a",
            {std::make_shared<const RemoteFile>(archive), members, warn});
        ASSERT_TRUE(totals) << totals.error().message;
        made.totals = *totals;
      });
  return made;
}

TEST(MemberPath, IsSafeWhateverTheName) {
  EXPECT_EQ(member_path("a/b.txt"), "a/b.txt");
  EXPECT_EQ(member_path("/etc/passwd"), "etc/passwd");
  EXPECT_EQ(member_path("./a//b"), "a/b");
  EXPECT_EQ(member_path("../../x"), "%2E%2E/%2E%2E/x");
  EXPECT_EQ(member_path("dir/"), "dir");
  EXPECT_EQ(member_path("a\nb"), "a%0Ab");
  EXPECT_EQ(member_path("\\host\\x"), "\\host\\x");
  EXPECT_EQ(member_path("/./"), "");
  EXPECT_EQ(member_path(""), "");
}

TEST(AddArchive, MakesAFileOfEachMemberAndTheDirectoriesBetween) {
  const ScratchDir dir;
  const Made made =
      made_of(dir, {member("d/e/f.txt"), member("empty/", 0, 0),
                    member("nothing.txt", 0, 0), member("g.txt", 7, 3)});
  EXPECT_EQ(tree_text(*made.snapshot, "a"),
            "a/d/\na/d/e/\na/d/e/f.txt 10 bytes, 1 links\na/empty/\n"
            "a/g.txt 7 bytes, 1 links\na/nothing.txt 0 bytes, 1 links\n");
  EXPECT_TRUE(made.warnings.empty());
  EXPECT_EQ(made.totals.files, 3U);
  EXPECT_EQ(made.totals.bytes, 17U);
}

TEST(AddArchive, TheSnapshotGivesTheMembersPlaceBack) {
  const ScratchDir dir;
  ArchiveMember one = member("f", 77, 33);
  one.crc32 = 0xdeadbeef;
  const Made made = made_of(dir, {one});
  const auto file =
      made.snapshot->remote_file(node_at(*made.snapshot, "a/f")->id);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->member);
  EXPECT_EQ(file->size, 77U);
  EXPECT_EQ(to_string(*file->digest), "crc32:deadbeef");
  EXPECT_EQ(file->member->header_offset, 100U);
  EXPECT_EQ(file->member->compressed_size, 33U);
  EXPECT_EQ(file->member->method, MemberMethod::kDeflated);
  EXPECT_EQ(file->member->archive->urls,
            std::vector<std::string>{"https://h/a.zip"});
  EXPECT_EQ(file->member->archive->size, 1000U);
  EXPECT_TRUE(content_key(*file).starts_with("member-"));
}

TEST(AddArchive, OfTwoOfANameTheLastStandsAndADirectoryBeatsAFile) {
  const ScratchDir dir;
  const Made made = made_of(
      dir, {member("x", 1), member("x", 2), member("d", 3), member("d/y", 4)});
  EXPECT_EQ(tree_text(*made.snapshot, "a"),
            "a/d/\na/d/y 4 bytes, 1 links\na/x 2 bytes, 1 links\n");
  EXPECT_EQ(made.warnings.size(), 2U);
}

TEST(AddArchive, WhatNoTreeCanHoldIsLeftOut) {
  const ScratchDir dir;
  std::string deep;
  for (int i = 0; i < 70; ++i) {
    deep += "d/";
  }
  const Made made = made_of(
      dir, {member(deep + "f"), member(deep, 0, 0), member("/"), member("ok")});
  EXPECT_EQ(tree_text(*made.snapshot, "a"), "a/ok 10 bytes, 1 links\n");
  EXPECT_EQ(made.warnings.size(), 1U);
}

TEST(AddArchive, WhatIsUnreadableSaysWhyInAnAttribute) {
  const ScratchDir dir;
  ArchiveMember secret = member("secret");
  secret.method = MemberMethod::kUnreadable;
  secret.why_unreadable = "it is encrypted";
  const Made made = made_of(dir, {secret});
  const auto node = node_at(*made.snapshot, "a/secret");
  EXPECT_EQ(**made.snapshot->xattr(node->id, "omicsfs.unreadable"),
            "it is encrypted");
  EXPECT_EQ(made.snapshot->remote_file(node->id)->member->method,
            MemberMethod::kUnreadable);
}

ArchiveMember link(const std::string& name, const std::string& target) {
  ArchiveMember one = member(name, target.size(), target.size());
  one.is_link = true;
  one.link_target = target;
  one.method = MemberMethod::kUnreadable;
  one.why_unreadable = "it is a symbolic link";
  return one;
}

TEST(AddArchive, LinksWithinTheArchiveAreLinks) {
  const std::pair<const char*, const char*> links[] = {
      {"d/same", "f"},           {"d/up", "../g"},        {"top", "d/e/deep"},
      {"dir", "d/e/"},           {"through", "dir/deep"}, {"d/e/root", "../.."},
      {"d/twice", "../top"},     {"d/dots", "./e/../f"},  {"d/odd", "../a\nb"},
      {"d/round", "../d/../d/f"}};
  ArchiveMembers members = {member("d/f"), member("g"), member("d/e/deep"),
                            member("a\nb")};
  for (const auto& [name, target] : links) {
    members.push_back(link(name, target));
  }
  const ScratchDir dir;
  const Made made = made_of(dir, members);
  EXPECT_TRUE(made.warnings.empty());
  EXPECT_EQ(made.totals.files, 4U);
  const std::pair<const char*, const char*> texts[] = {
      {"d/same", "f"},         {"d/up", "../g"},
      {"top", "d/e/deep"},     {"dir", "d/e"},
      {"through", "dir/deep"}, {"d/e/root", "../.."},
      {"d/twice", "../top"},   {"d/dots", "e/../f"},
      {"d/odd", "../a%0Ab"},   {"d/round", "../d/../d/f"}};
  for (const auto& [name, text] : texts) {
    const auto node = node_at(*made.snapshot, std::string("a/") + name);
    ASSERT_TRUE(node) << name;
    ASSERT_EQ(node->kind, NodeKind::kSymlink) << name;
    EXPECT_EQ(*made.snapshot->symlink_target(node->id), text);
  }
}

TEST(AddArchive, LinksThatLeadElsewhereAreUnreadableAndSayWhy) {
  const std::pair<const char*, const char*> links[] = {
      {"../x", "out of the archive"},
      {"d/../../x", "out of the archive"},
      {"/etc/passwd", "absolute"},
      {"gone", "does not hold"},
      {"link", "circle"},
      {"circle", "circle"},
      {"f/x", "through a file"},
      {"outside/f", "out of the archive"},
      // The kernel goes up from where the link leads, not from its name.
      {"deep/../../../x", "out of the archive"},
  };
  for (const auto& [target, why] : links) {
    const ScratchDir dir;
    const Made made =
        made_of(dir, {member("f"), member("d/e/g"), link("deep", "d/e"),
                      link("circle", "link"), link("outside", ".."),
                      link("link", target)});
    const auto node = node_at(*made.snapshot, "a/link");
    ASSERT_TRUE(node) << target;
    ASSERT_EQ(node->kind, NodeKind::kRemoteFile) << target;
    EXPECT_EQ(made.snapshot->remote_file(node->id)->member->method,
              MemberMethod::kUnreadable);
    const auto told = made.snapshot->xattr(node->id, "omicsfs.unreadable");
    ASSERT_TRUE(told && *told) << target;
    EXPECT_NE((*told)->find(why), std::string::npos) << **told;
    EXPECT_GE(made.warnings.size(), 2U);
  }
}

TEST(AddArchive, AMemberBelowALinkMakesADirectoryOfIt) {
  const ScratchDir dir;
  const Made made =
      made_of(dir, {link("d", "e"), member("d/x"), member("e/y")});
  EXPECT_EQ(tree_text(*made.snapshot, "a"),
            "a/d/\na/d/x 10 bytes, 1 links\na/e/\na/e/y 10 bytes, 1 links\n");
  EXPECT_EQ(made.warnings.size(), 1U);
}

TEST(GuardArchive, LetsRealOnesPass) {
  // A matrix of refine.bio's, 54 to 1.
  ArchiveMembers members = {member("m", 72'693'526, 1'337'130)};
  ASSERT_TRUE(guard_archive(members, 1'352'499));
  EXPECT_EQ(members[0].method, MemberMethod::kDeflated);
}

TEST(GuardArchive, AMemberOfAThousandToOneIsNotUnpacked) {
  ArchiveMembers members = {member("zeros", 10'000'000'000, 10'000'000),
                            member("small zeros", 10'000'000, 10'000),
                            member("fine", 1'000'000'000, 10'000'000)};
  ASSERT_TRUE(guard_archive(members, 30'000'000));
  EXPECT_EQ(members[0].method, MemberMethod::kUnreadable);
  EXPECT_FALSE(members[0].why_unreadable.empty());
  EXPECT_EQ(members[1].method, MemberMethod::kDeflated);
  EXPECT_EQ(members[2].method, MemberMethod::kDeflated);
}

TEST(GuardArchive, MembersThatOverlapAreRefused) {
  ArchiveMembers members = {member("a", 10, 600), member("b", 10, 600)};
  EXPECT_TRUE(guard_archive(members, 1200));
  const auto guarded = guard_archive(members, 1199);
  ASSERT_FALSE(guarded);
  EXPECT_EQ(guarded.error().code, ErrorCode::kInvalid);
}

TEST(GuardArchive, ATotalBeyondAllMeasureIsRefused) {
  ArchiveMembers members = {member("a", std::uint64_t{1} << 50, 10),
                            member("b", 1, 10)};
  EXPECT_FALSE(guard_archive(members, 1000));
  members = {member("a", UINT64_MAX, 10), member("b", UINT64_MAX, 10)};
  EXPECT_FALSE(guard_archive(members, 1000));
}

}  // namespace
}  // namespace omicsfs
