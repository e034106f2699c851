// SPDX-License-Identifier: MIT
#include "catalog/snapshot_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "catalog/snapshot.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

std::ptrdiff_t files_in(const ScratchDir& dir) {
  return std::distance(std::filesystem::directory_iterator(dir.path()), {});
}

// What commit says of a tree that `fill` adds to below a root.
std::string commit_fault(const std::function<void(SnapshotWriter&)>& fill) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  EXPECT_TRUE(writer->add_directory(0));
  fill(*writer);
  const Result<void> done = writer->commit();
  EXPECT_EQ(done.has_value(), std::filesystem::exists(dir / "s"));
  EXPECT_EQ(files_in(dir), done ? 1 : 0);
  return done ? "" : done.error().message;
}

TEST(SnapshotWriter, AWriterThatIsDroppedLeavesNoFile) {
  const ScratchDir dir;
  {
    Result<SnapshotWriter> writer =
        SnapshotWriter::create(dir / "s", {"test", 1, 0});
    ASSERT_TRUE(writer);
    EXPECT_EQ(files_in(dir), 1);
    EXPECT_FALSE(std::filesystem::exists(dir / "s"));
  }
  EXPECT_EQ(files_in(dir), 0);
}

TEST(SnapshotWriter, AMovedWriterStillCommits) {
  const ScratchDir dir;
  Result<SnapshotWriter> first =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  ASSERT_TRUE(first);
  SnapshotWriter second = *std::move(first);
  ASSERT_TRUE(second.add_directory(0));
  ASSERT_TRUE(second.commit());
  EXPECT_TRUE(Snapshot::open(dir / "s"));
}

TEST(SnapshotWriter, ATreeThatIsNotWholeIsNotCommitted) {
  EXPECT_EQ(commit_fault([](SnapshotWriter&) {}), "");
  EXPECT_NE(commit_fault([](SnapshotWriter& writer) {
              EXPECT_TRUE(writer.add_inline_file("x", 0));
            }).find("a node has no entry"),
            std::string::npos);
  EXPECT_NE(commit_fault([](SnapshotWriter& writer) {
              const NodeId directory = *writer.add_directory(0);
              EXPECT_TRUE(writer.add_entry(kRootNode, "a", directory));
              EXPECT_TRUE(writer.add_entry(kRootNode, "b", directory));
            }).find("a directory has more than one entry"),
            std::string::npos);
  EXPECT_NE(commit_fault([](SnapshotWriter& writer) {
              EXPECT_TRUE(writer.add_entry(kRootNode, "a", kRootNode));
            }).find("a directory has more than one entry"),
            std::string::npos);
  EXPECT_NE(commit_fault([](SnapshotWriter& writer) {
              const NodeId file = *writer.add_inline_file("x", 0);
              EXPECT_TRUE(writer.add_entry(kRootNode, "a", file));
              EXPECT_TRUE(writer.add_entry(file, "b", file));
            }).find("an entry's parent is no directory"),
            std::string::npos);
}

TEST(SnapshotWriter, ANameThatIsTakenIsRefusedAndTheRestGoesOn) {
  EXPECT_EQ(commit_fault([](SnapshotWriter& writer) {
              const NodeId file = *writer.add_inline_file("x", 0);
              EXPECT_TRUE(writer.add_entry(kRootNode, "a", file));
              EXPECT_EQ(writer.add_entry(kRootNode, "a", file).error().code,
                        ErrorCode::kInvalid);
              EXPECT_TRUE(writer.has_entry(kRootNode, "a"));
              EXPECT_FALSE(writer.has_entry(kRootNode, "b"));
            }),
            "");
}

TEST(SnapshotWriter, AContentNeedsAUrlAndASaneSize) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  EXPECT_EQ(writer->add_content(RemoteFile()).error().code,
            ErrorCode::kInvalid);
  EXPECT_TRUE(writer->add_content(remote_file_named("a", kMaxFileBytes)));
  EXPECT_EQ(writer->add_content(remote_file_named("a", kMaxFileBytes + 1))
                .error()
                .code,
            ErrorCode::kInvalid);
}

TEST(SnapshotWriter, AMemberLiesWithinAnArchiveThatIsNoMember) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"test", 1, 0});
  const RemoteFile archive = remote_file_named("a.zip", 1000);
  RemoteFile member;
  member.size = 5000;
  member.member = MemberPlace{std::make_shared<const RemoteFile>(archive), 999,
                              1000, MemberMethod::kDeflated};
  EXPECT_TRUE(writer->add_content(member));
  RemoteFile beyond = member;
  beyond.member->header_offset = 1000;
  EXPECT_FALSE(writer->add_content(beyond));
  RemoteFile too_long = member;
  too_long.member->compressed_size = 1001;
  EXPECT_FALSE(writer->add_content(too_long));
  RemoteFile nested = member;
  nested.member->archive = std::make_shared<const RemoteFile>(member);
  const auto refused = writer->add_content(nested);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST(SnapshotWriter, ACommitReplacesAnOlderFileOfThatName) {
  const ScratchDir dir;
  write_file(dir / "s", "something else");
  write_snapshot(dir / "s", [](TreeBuilder&) {});
  EXPECT_TRUE(Snapshot::open(dir / "s"));
}

TEST(SnapshotWriter, ADirectoryThatIsNotThereIsAnError) {
  const ScratchDir dir;
  EXPECT_EQ(
      SnapshotWriter::create(dir / "no" / "s", {"test", 1, 0}).error().code,
      ErrorCode::kIo);
}

}  // namespace
}  // namespace omicsfs
