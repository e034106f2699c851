// SPDX-License-Identifier: MIT
#include "catalog/snapshot.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "catalog/inline_chunks.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

TEST(Snapshot, HeaderAndPropertiesComeBack) {
  const ScratchDir dir;
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(dir / "s", {"abc", 3, -5});
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->add_directory(0));
  ASSERT_TRUE(writer->set_property("files", "old"));
  ASSERT_TRUE(writer->set_property("files", "12"));
  ASSERT_TRUE(writer->commit());
  const auto snapshot = Snapshot::open(dir / "s");
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->header().source, "abc");
  EXPECT_EQ((*snapshot)->header().generation, 3U);
  EXPECT_EQ((*snapshot)->header().created_at, -5);
  EXPECT_EQ(*(*snapshot)->property("files"), "12");
  EXPECT_EQ(*(*snapshot)->property("bytes"), std::nullopt);
}

TEST(Snapshot, EveryKindOfNodeComesBack) {
  const ScratchDir dir;
  RemoteFile remote = remote_file_named("x", 5000000000);
  remote.urls.emplace_back("https://mirror/x");
  remote.digest = digest_of(DigestKind::kMd5, {});
  remote.validator = "\"etag\"";
  remote.is_mapped = true;
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_file("d/remote", remote, 11));
    ASSERT_TRUE(tree.add_inline_file("d/inline", std::string("a\0c", 3), 12));
    ASSERT_TRUE(tree.add_inline_file("d/empty", "", 13));
    ASSERT_TRUE(tree.add_symlink("d/link", "../elsewhere", 14));
  });
  const NodeFacts file = *node_at(*snapshot, "d/remote");
  EXPECT_EQ(file.kind, NodeKind::kRemoteFile);
  EXPECT_EQ(file.size, 5000000000U);
  EXPECT_EQ(file.mtime, 11);
  const RemoteFile found = *snapshot->remote_file(file.id);
  EXPECT_EQ(found.urls, remote.urls);
  EXPECT_EQ(found.size, remote.size);
  EXPECT_EQ(found.digest, remote.digest);
  EXPECT_EQ(found.validator, remote.validator);
  EXPECT_TRUE(found.is_mapped);
  const NodeFacts text = *node_at(*snapshot, "d/inline");
  EXPECT_EQ(text.size, 3U);
  EXPECT_EQ(*snapshot->inline_bytes(text.id, 0, 99), std::string("a\0c", 3));
  const NodeFacts empty = *node_at(*snapshot, "d/empty");
  EXPECT_EQ(*snapshot->inline_bytes(empty.id, 0, 99), "");
  const NodeFacts link = *node_at(*snapshot, "d/link");
  EXPECT_EQ(link.kind, NodeKind::kSymlink);
  EXPECT_EQ(link.size, 12U);
  EXPECT_EQ(*snapshot->symlink_target(link.id), "../elsewhere");
}

TEST(Snapshot, InlineBytesAreClippedAtEveryOffsetAndLength) {
  const ScratchDir dir;
  const std::string text = "0123456789";
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("f", text, 0));
  });
  const NodeId id = node_at(*snapshot, "f")->id;
  for (std::uint64_t offset = 0; offset <= 12; ++offset) {
    for (std::uint64_t length = 0; length <= 12; ++length) {
      const std::string expected =
          offset >= text.size() ? "" : text.substr(offset, length);
      EXPECT_EQ(*snapshot->inline_bytes(id, offset, length), expected);
    }
  }
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  EXPECT_EQ(*snapshot->inline_bytes(id, 1, kHuge), text.substr(1));
  for (const std::uint64_t offset :
       {std::uint64_t{1} << 31U, std::uint64_t{1} << 32U,
        std::uint64_t{1} << 63U, kHuge}) {
    EXPECT_EQ(*snapshot->inline_bytes(id, offset, kHuge), "") << offset;
  }
}

TEST(Snapshot, WhatIsNotThereIsNotFound) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("f", "x", 0));
  });
  EXPECT_EQ(snapshot->node(99).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(snapshot->lookup(kRootNode, "F").error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(snapshot->lookup(99, "f").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(snapshot->remote_file(99).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(snapshot->parent_of(99).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(snapshot->list(99, 0, 10)->empty());
  EXPECT_EQ(Snapshot::open(dir / "absent").error().code, ErrorCode::kNotFound);
}

TEST(Snapshot, ANodeOfAnotherKindIsRefused) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("f", "x", 0));
  });
  const NodeId file = node_at(*snapshot, "f")->id;
  EXPECT_EQ(snapshot->remote_file(file).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(snapshot->symlink_target(file).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(snapshot->parent_of(file).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(snapshot->inline_bytes(kRootNode, 0, 1).error().code,
            ErrorCode::kInvalid);
}

TEST(Snapshot, LinksAreCountedAsStatCountsThem) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    const Result<NodeId> file =
        tree.add_file("a/f", remote_file_named("f", 1), 0);
    ASSERT_TRUE(file);
    ASSERT_TRUE(tree.add_link("b/c/g", *file));
    ASSERT_TRUE(tree.add_link("b/h", *file));
    ASSERT_TRUE(tree.add_symlink("b/s", "c", 0));
  });
  EXPECT_EQ(node_at(*snapshot, "a/f")->links, 3U);
  EXPECT_EQ(node_at(*snapshot, "a/f")->id, node_at(*snapshot, "b/h")->id);
  EXPECT_EQ(node_at(*snapshot, "b/s")->links, 1U);
  EXPECT_EQ(snapshot->node(kRootNode)->links, 4U);
  EXPECT_EQ(node_at(*snapshot, "b")->links, 3U);
  EXPECT_EQ(node_at(*snapshot, "b/c")->links, 2U);
}

TEST(Snapshot, EachDirectoryKnowsItsParent) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_directory("a/b"));
  });
  const NodeId a = node_at(*snapshot, "a")->id;
  const NodeId b = node_at(*snapshot, "a/b")->id;
  EXPECT_EQ(*snapshot->parent_of(b), a);
  EXPECT_EQ(*snapshot->parent_of(a), kRootNode);
  EXPECT_EQ(*snapshot->parent_of(kRootNode), kRootNode);
}

TEST(Snapshot, EachNodeKnowsWhereItsFirstEntryStands) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    for (const char* name : {"d/c", "d/a", "d/b", "d/sub/x"}) {
      ASSERT_TRUE(tree.add_file(name, remote_file_named(name, 1), 0));
    }
    const auto twice = tree.add_file("e/2", remote_file_named("e", 1), 0);
    ASSERT_TRUE(twice);
    ASSERT_TRUE(tree.add_link("e/1", *twice));
    ASSERT_TRUE(tree.add_link("f", *twice));
    ASSERT_TRUE(tree.add_inline_file("g", "x", 0));
  });
  const auto check = [&](const char* path, NodeId parent,
                         std::uint64_t position) {
    const auto place = snapshot->first_entry(node_at(*snapshot, path)->id);
    ASSERT_TRUE(place) << path;
    EXPECT_EQ(place->parent, parent) << path;
    EXPECT_EQ(place->position, position) << path;
  };
  const NodeId d = node_at(*snapshot, "d")->id;
  check("d/a", d, 1);
  check("d/b", d, 2);
  check("d/c", d, 3);
  check("d/sub", d, 4);
  check("d/sub/x", node_at(*snapshot, "d/sub")->id, 1);
  check("e/2", kRootNode, 3);
  check("e/1", kRootNode, 3);
  check("g", kRootNode, 4);
  EXPECT_EQ(snapshot->first_entry(kRootNode).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(snapshot->first_entry(99).error().code, ErrorCode::kNotFound);
}

TEST(Snapshot, EntriesComeInByteOrderOfTheirNames) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    for (const char* name : {"b", "a", "B", "\xC3\xA9", "a.b", "a-b", "_"}) {
      ASSERT_TRUE(tree.add_inline_file(name, "", 0));
    }
  });
  std::vector<std::string> names;
  const auto entries = snapshot->list(kRootNode, 0, 99);
  for (const DirectoryEntry& entry : *entries) {
    names.push_back(entry.name);
    EXPECT_EQ(entry.position, names.size());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"B", "_", "a", "a-b", "a.b", "b",
                                             "\xC3\xA9"}));
}

class Paging : public testing::TestWithParam<std::size_t> {};

TEST_P(Paging, GivesEachEntryOnceWhateverThePageSize) {
  const std::size_t count = GetParam();
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_directory("d"));
    for (std::size_t number = 0; number < count; ++number) {
      ASSERT_TRUE(tree.add_inline_file("d/" + std::to_string(number), "", 0));
    }
    ASSERT_TRUE(tree.add_inline_file("e", "not in d", 0));
  });
  const NodeId directory = node_at(*snapshot, "d")->id;
  for (std::size_t page = 1; page <= count + 1; page += 1 + page / 8) {
    std::set<std::string> names;
    std::uint64_t after = 0;
    while (true) {
      const auto entries = snapshot->list(directory, after, page);
      ASSERT_TRUE(entries);
      ASSERT_LE(entries->size(), page);
      if (entries->empty()) {
        break;
      }
      for (const DirectoryEntry& entry : *entries) {
        ASSERT_EQ(entry.position, ++after);
        ASSERT_TRUE(names.insert(entry.name).second);
      }
    }
    ASSERT_EQ(names.size(), count) << "pages of " << page;
  }
}

INSTANTIATE_TEST_SUITE_P(Snapshot, Paging, testing::Values(0U, 1U, 2U, 1000U));

TEST(Snapshot, XattrsAreOrderedByName) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    const Result<NodeId> file = tree.add_inline_file("f", "", 0);
    ASSERT_TRUE(file);
    ASSERT_TRUE(tree.set_xattr(*file, "z", "26"));
    ASSERT_TRUE(tree.set_xattr(*file, "a", "0"));
    ASSERT_TRUE(tree.set_xattr(*file, "a", "1"));
  });
  const NodeId id = node_at(*snapshot, "f")->id;
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*snapshot->xattrs(id), (Pairs{{"a", "1"}, {"z", "26"}}));
  EXPECT_EQ(*snapshot->xattr(id, "z"), "26");
  EXPECT_EQ(*snapshot->xattr(id, "y"), std::nullopt);
  EXPECT_TRUE(snapshot->xattrs(kRootNode)->empty());
}

TEST(Snapshot, FilesOfEqualBytesKeepTheirOwnUrls) {
  const ScratchDir dir;
  RemoteFile one = remote_file_named("one", 4);
  one.digest = digest_of(DigestKind::kMd5, {});
  RemoteFile two = remote_file_named("two", 4);
  two.digest = one.digest;
  two.urls.push_back("https://mirror/two");
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_file("a", one, 0));
    ASSERT_TRUE(tree.add_file("b", two, 0));
  });
  const NodeFacts a = *node_at(*snapshot, "a");
  const NodeFacts b = *node_at(*snapshot, "b");
  EXPECT_NE(a.id, b.id);
  EXPECT_EQ(snapshot->remote_file(a.id)->urls, one.urls);
  EXPECT_EQ(snapshot->remote_file(b.id)->urls, two.urls);
}

TEST(Snapshot, AUrlWithALineBreakIsRefused) {
  const ScratchDir dir;
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    RemoteFile file = remote_file_named("one", 4);
    file.urls.push_back("https://h/a\nhttps://h/b");
    const auto added = tree.add_file("a", file, 0);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::kInvalid);
  });
}

// Bytes that no compression makes fewer, and others.
std::string mixed_bytes(std::size_t count) {
  std::string bytes;
  std::uint64_t state = 1;
  while (bytes.size() < count) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes +=
        static_cast<char>(bytes.size() / 70'000 % 2 == 0 ? state >> 56U : 'a');
  }
  return bytes;
}

TEST(Snapshot, LargeInlineFilesAreReadAtAnyPlace) {
  const ScratchDir dir;
  const std::string whole = mixed_bytes(3 * kChunkBytes + 1234);
  const auto snapshot = composed_snapshot(dir / "s", [&](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_inline_file("whole", whole, 7));
    const auto piecewise = tree.begin_inline_file("pieces", 7);
    ASSERT_TRUE(piecewise);
    for (std::size_t at = 0; at < whole.size(); at += 9999) {
      ASSERT_TRUE(tree.append_bytes(*piecewise, whole.substr(at, 9999)));
    }
    ASSERT_TRUE(tree.end_bytes(*piecewise));
    const auto empty = tree.begin_inline_file("empty", 7);
    ASSERT_TRUE(empty);
    ASSERT_TRUE(tree.end_bytes(*empty));
  });
  for (const char* name : {"whole", "pieces"}) {
    const NodeFacts file = *node_at(*snapshot, name);
    EXPECT_EQ(file.size, whole.size());
    EXPECT_EQ(*snapshot->inline_bytes(file.id, 0, whole.size()), whole);
    for (const std::uint64_t at :
         {std::uint64_t{0}, kChunkBytes - 1, kChunkBytes, 3 * kChunkBytes,
          3 * kChunkBytes + 1233, 3 * kChunkBytes + 1234,
          std::uint64_t{1} << 60U}) {
      const std::size_t from = std::min<std::uint64_t>(at, whole.size());
      EXPECT_EQ(*snapshot->inline_bytes(file.id, at, kChunkBytes + 5),
                whole.substr(from, kChunkBytes + 5))
          << name << " at " << at;
    }
  }
  const NodeFacts empty = *node_at(*snapshot, "empty");
  EXPECT_EQ(empty.size, 0U);
  EXPECT_EQ(*snapshot->inline_bytes(empty.id, 0, 9), "");
}

TEST(Snapshot, AFileWhoseBytesDidNotEndIsNoWholeTree) {
  const ScratchDir dir;
  auto writer = SnapshotWriter::create(dir / "s", {"test", 1, 0});
  auto tree = TreeBuilder::create(*writer, 0);
  ASSERT_TRUE(tree->begin_inline_file("f", 0));
  const auto done = writer->commit();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
}

TEST(Snapshot, FieldsOfANodesRecordAreItsAttributes) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.set_property("field_prefix", "encode."));
    const auto file = tree.add_inline_file("f", "", 0);
    const auto other = tree.add_inline_file("g", "", 0);
    ASSERT_TRUE(file && other);
    ASSERT_TRUE(tree.set_xattr(*file, "omicsfs.release", "1"));
    const RecordField fields[] = {
        {"target", "CTCF", FieldKind::kTerm},
        {"slims", R"(["blood", "lung"])", FieldKind::kTermList},
        {"md5sum", "abc", FieldKind::kText}};
    ASSERT_TRUE(tree.add_record({"file", "F", "f", fields, *file}));
  });
  const NodeId file = node_at(*snapshot, "f")->id;
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*snapshot->xattrs(file),
            (Pairs{{"encode.md5sum", "abc"},
                   {"encode.slims", R"(["blood", "lung"])"},
                   {"encode.target", "CTCF"},
                   {"omicsfs.release", "1"}}));
  EXPECT_EQ(*snapshot->xattr(file, "encode.target"), "CTCF");
  EXPECT_EQ(*snapshot->xattr(file, "target"), std::nullopt);
  EXPECT_EQ(*snapshot->xattr(file, "encode.none"), std::nullopt);
  const NodeId other = node_at(*snapshot, "g")->id;
  EXPECT_TRUE(snapshot->xattrs(other)->empty());
  EXPECT_EQ(*snapshot->xattr(other, "encode.target"), std::nullopt);
}

}  // namespace
}  // namespace omicsfs
