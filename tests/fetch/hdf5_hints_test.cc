// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "fetch/hdf5_btree.h"
#include "tests/fetch/composed_bytes.h"

// What libhdf5 1.10 asks for was seen with strace -e pread64 of h5py 3.7 on
// files of anndata's layout: 8, 16 and 80 bytes of superblock, then by address
// 512 of each object header, 544 of a group's B-tree node, 328 of a symbol
// table node, 512 of a local heap, chunk_tree_bytes() of each node of a chunk
// index, and the chunk. format_hints_clients_test.py counts those reads.

namespace omicsfs {
namespace {

using Ranges = std::vector<ByteRange>;

constexpr std::uint64_t kHdf5Bytes = 1'000'000'000;
constexpr std::uint64_t kNone = ~std::uint64_t{0};

struct Chunk {
  std::vector<std::uint64_t> offsets;  // without the last, which is 0
  std::uint64_t address;
};

struct NodeText {
  std::uint64_t kind = 1;
  std::uint64_t level = 1;
  std::uint64_t left = kNone;
  std::uint64_t right = kNone;
};

ComposedBytes& put_node(ComposedBytes& out, std::size_t at,
                        const NodeText& node, std::size_t used) {
  return out.text(at, "TREE")
      .number(at + 4, node.kind, 1)
      .number(at + 5, node.level, 1)
      .number(at + 6, used, 2)
      .number(at + 8, node.left, 8)
      .number(at + 16, node.right, 8);
}

ComposedBytes& put_chunk_node(ComposedBytes& out, std::size_t at,
                              const NodeText& node,
                              const std::vector<Chunk>& chunks,
                              std::uint64_t chunk_bytes) {
  put_node(out, at, node, chunks.size());
  at += 24;
  for (const Chunk& chunk : chunks) {
    out.number(at, chunk_bytes, 4);
    for (const std::uint64_t offset : chunk.offsets) {
      out.number(at + 8, offset, 8);
      at += 8;
    }
    at += 16;  // size and mask, the last offset
    out.number(at, chunk.address, 8);
    at += 8;
  }
  return out;
}

// Children in ascending order of a dataset of `rank` dimensions.
std::vector<Chunk> chunks_of_rank(std::size_t rank, std::size_t count) {
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint64_t> offsets(rank, 0);
    offsets[0] = 100 * (i / 3);
    offsets[rank - 1] += 10 * (i % 3);
    chunks.push_back({offsets, 1'000'000 * (i * 7 % 64 + 1)});
  }
  return chunks;
}

TEST(Hdf5Btree, RanksAreFoundFromTheKeys) {
  for (std::size_t rank = 1; rank <= 6; ++rank) {
    for (const std::size_t count : {2U, 3U, 10U, 64U}) {
      ComposedBytes bytes(6000);
      const auto chunks = chunks_of_rank(rank, count);
      put_chunk_node(bytes, 100, {}, chunks, 5000);
      const auto node =
          parse_btree_node({4096, bytes.bytes()}, 4096 + 100, kHdf5Bytes);
      ASSERT_TRUE(node);
      EXPECT_EQ(node->kind, BtreeNode::Kind::kChunks);
      EXPECT_EQ(node->level, 1U);
      EXPECT_TRUE(node->alone);
      ASSERT_EQ(node->children.size(), count);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(node->children[i],
                  (ByteRange{chunks[i].address, chunk_tree_bytes(rank + 1)}));
      }
    }
  }
}

TEST(Hdf5Btree, ANodeThatIsCutGivesWhatWasSeen) {
  ComposedBytes bytes(24 + 64 * 40);
  put_chunk_node(bytes, 0, {}, chunks_of_rank(2, 64), 5000);
  for (std::size_t length = 0; length <= 24 + 64 * 40; ++length) {
    const auto node =
        parse_btree_node({8, bytes.bytes().first(length)}, 8, kHdf5Bytes);
    const std::size_t children = length < 24 ? 0 : (length - 24) / 40;
    ASSERT_EQ(node.has_value(), children > 0) << length;
    if (node) {
      EXPECT_EQ(node->children.size(), children);
      EXPECT_EQ(node->alone, children == 64);
    }
  }
}

TEST(Hdf5Btree, WhatMakesNoSenseIsNoNode) {
  const auto parse = [](const NodeText& text, std::vector<Chunk> chunks,
                        std::uint64_t chunk_bytes) {
    ComposedBytes bytes(6000);
    put_chunk_node(bytes, 0, text, chunks, chunk_bytes);
    return parse_btree_node({0, bytes.bytes()}, 0, kHdf5Bytes).has_value();
  };
  const auto chunks = chunks_of_rank(2, 10);
  EXPECT_TRUE(parse({1, 0, kNone, kNone}, chunks, 5000));
  EXPECT_TRUE(parse({1, 3, 800, 900}, chunks, 5000));
  EXPECT_FALSE(parse({2, 0, kNone, kNone}, chunks, 5000)) << "kind";
  EXPECT_FALSE(parse({1, 17, kNone, kNone}, chunks, 5000)) << "level";
  EXPECT_FALSE(parse({1, 0, kHdf5Bytes, kNone}, chunks, 5000))
      << "left sibling";
  EXPECT_FALSE(parse({1, 0, kNone, kHdf5Bytes}, chunks, 5000))
      << "right sibling";
  EXPECT_FALSE(parse({1, 0, kNone, kNone}, chunks, 0)) << "empty chunks";
  EXPECT_FALSE(parse({1, 0, kNone, kNone}, {}, 5000)) << "no children";
  auto beyond = chunks;
  beyond[4].address = kHdf5Bytes - 100;
  EXPECT_FALSE(parse({1, 0, kNone, kNone}, beyond, 5000)) << "chunk beyond";
  EXPECT_TRUE(parse({1, 1, kNone, kNone}, beyond, 5000));
  auto unordered = chunks;
  std::swap(unordered[4], unordered[5]);
  EXPECT_FALSE(parse({1, 1, kNone, kNone}, unordered, 5000)) << "order";
}

TEST(Hdf5Btree, GroupNodesNameNodesOrSymbolTables) {
  for (const std::uint64_t level : {0U, 1U}) {
    ComposedBytes bytes(kGroupTreeBytes);
    put_node(bytes, 0, {0, level, kNone, kNone}, 2);
    bytes.number(24 + 8, 5000, 8).number(24 + 24, 70000, 8);
    const auto node = parse_btree_node({0, bytes.bytes()}, 0, kHdf5Bytes);
    ASSERT_TRUE(node);
    const std::uint64_t length =
        level == 0 ? kSymbolTableBytes : kGroupTreeBytes;
    EXPECT_EQ(node->children, (Ranges{{5000, length}, {70000, length}}));
  }
}

TEST(Hdf5Hints, AnInnerNodeLeadsToItsChildrenInOrder) {
  const auto chunks = chunks_of_rank(1, 64);
  ComposedBytes bytes(8192);
  put_chunk_node(bytes, 777, {}, chunks, 5000);
  Ranges children;
  for (const Chunk& chunk : chunks) {
    children.push_back({chunk.address, chunk_tree_bytes(2)});
  }
  EXPECT_EQ(bytes.hints(500'000'000, kHdf5Bytes), children);
}

TEST(Hdf5Hints, AChildInTheSameReadIsFollowed) {
  ComposedBytes bytes(kBlockBytes);
  put_chunk_node(bytes, 0, {}, {{{0}, kBlockBytes + 3001}, {{9}, 5'000'000}},
                 5000);
  put_chunk_node(bytes, 3001, {}, {{{0}, 7'000'000}, {{3}, 8'000'000}}, 5000);
  EXPECT_EQ(bytes.hints(kBlockBytes, kHdf5Bytes),
            (Ranges{{5'000'000, chunk_tree_bytes(2)},
                    {7'000'000, chunk_tree_bytes(2)},
                    {8'000'000, chunk_tree_bytes(2)}}));
}

TEST(Hdf5Hints, AFullLeafOfManyLeadsNowhere) {
  ComposedBytes bytes(8192);
  const NodeText leaf{1, 0, 4096, kNone};
  put_chunk_node(bytes, 0, leaf, chunks_of_rank(2, 64), 100);
  EXPECT_EQ(bytes.hints(500'000'000, kHdf5Bytes), Ranges());
}

TEST(Hdf5Hints, ASmallDatasetIsHintedWhole) {
  const NodeText only{1, 0, kNone, kNone};
  const std::vector<Chunk> chunks = {{{0}, 1'000'000}, {{50}, 3'000'000}};
  ComposedBytes small(4096);
  put_chunk_node(small, 0, only, chunks, 128 << 10);
  EXPECT_EQ(small.hints(500'000'000, kHdf5Bytes),
            (Ranges{{1'000'000, 128 << 10}, {3'000'000, 128 << 10}}));
  ComposedBytes large(4096);
  put_chunk_node(large, 0, only, chunks, (128 << 10) + 1);
  EXPECT_EQ(large.hints(500'000'000, kHdf5Bytes), Ranges());
}

// A superblock of version 0 or 1, whose root group names its B-tree and heap.
ComposedBytes superblock(std::uint64_t version) {
  ComposedBytes bytes(4096);
  const std::size_t root = 56 + 4 * version;
  bytes.text(0, "\x89HDF\r\n\x1A\n")
      .number(8, version, 1)
      .number(13, 8, 1)
      .number(14, 8, 1)
      .number(root + 8, 1'000'000, 8)
      .number(root + 16, 1, 4)
      .number(root + 24, 2'000'000, 8)
      .number(root + 32, 3'000'000, 8);
  return bytes;
}

TEST(Hdf5Hints, TheSuperblockLeadsToTheRootGroup) {
  for (const std::uint64_t version : {0U, 1U}) {
    EXPECT_EQ(superblock(version).hints(0, kHdf5Bytes),
              (Ranges{{1'000'000, 512}, {2'000'000, 544}, {3'000'000, 512}}));
  }
  for (const std::uint64_t version : {2U, 3U}) {
    const auto bytes = ComposedBytes(48)
                           .text(0, "\x89HDF\r\n\x1A\n")
                           .number(8, version, 1)
                           .number(36, 1'000'000, 8);
    EXPECT_EQ(bytes.hints(0, kHdf5Bytes), (Ranges{{1'000'000, 512}}));
  }
}

TEST(Hdf5Hints, NoHintLeavesTheFileWhereverTheReadEnds) {
  for (const auto& hints : superblock(0).hints_of_prefixes(0, 2'500'000)) {
    for (const ByteRange& hint : hints) {
      EXPECT_LE(hint.end(), 2'500'000U);
    }
  }
}

TEST(Hdf5Hints, ASymbolTableLeadsToObjectHeadersAndGroups) {
  ComposedBytes bytes(kSymbolTableBytes);
  bytes.text(0, "SNOD\1").number(6, 2, 2);
  bytes.number(8 + 8, 5'000'000, 8);
  bytes.number(48 + 8, 6'000'000, 8)
      .number(48 + 16, 1, 4)
      .number(48 + 24, 7'000'000, 8)
      .number(48 + 32, 8'000'000, 8);
  EXPECT_EQ(bytes.hints(900'000'000, kHdf5Bytes), (Ranges{{5'000'000, 512},
                                                          {6'000'000, 512},
                                                          {7'000'000, 544},
                                                          {8'000'000, 512}}));
}

// An object header in the superblock's block, whose messages are followed.
class ObjectHeader : public ::testing::Test {
 protected:
  ObjectHeader() : bytes_(superblock(0)) {
    bytes_.number(64, 1000, 8).number(72, 0, 4);
    bytes_.number(1000, 1, 1).number(1008, 400, 4);
  }
  // Adds a message; returns where its data is.
  std::size_t message(std::uint64_t type, std::uint64_t length) {
    bytes_.number(next_, type, 2).number(next_ + 2, length, 2);
    const std::size_t at = next_ + 8;
    next_ = at + length;
    return at;
  }
  [[nodiscard]] Ranges hints() const { return bytes_.hints(0, kHdf5Bytes); }

  ComposedBytes bytes_;
  std::size_t next_ = 1016;
};

TEST_F(ObjectHeader, LeadsToItsContinuationGroupAndIndex) {
  const std::size_t continuation = message(0x10, 16);
  bytes_.number(continuation, 1'000'000, 8).number(continuation + 8, 200, 8);
  message(0x01, 24);
  const std::size_t group = message(0x11, 16);
  bytes_.number(group, 2'000'000, 8).number(group + 8, 3'000'000, 8);
  const std::size_t chunked = message(0x08, 24);
  bytes_.number(chunked, 3, 1).number(chunked + 1, 2, 1);
  bytes_.number(chunked + 2, 3, 1).number(chunked + 3, 4'000'000, 8);
  EXPECT_EQ(hints(), (Ranges{{1'000'000, 200},
                             {2'000'000, 544},
                             {3'000'000, 512},
                             {4'000'000, chunk_tree_bytes(3)}}));
}

TEST_F(ObjectHeader, LeadsToASmallContiguousDataset) {
  const std::size_t contiguous = message(0x08, 18);
  bytes_.number(contiguous, 3, 1).number(contiguous + 1, 1, 1);
  bytes_.number(contiguous + 2, 5'000'000, 8);
  bytes_.number(contiguous + 10, 1000, 8);
  EXPECT_EQ(hints(), (Ranges{{5'000'000, 1000}}));
  bytes_.number(contiguous + 10, 1'000'000, 8);
  EXPECT_EQ(hints(), Ranges());
}

TEST_F(ObjectHeader, ThatLeadsToItselfEnds) {
  const std::size_t continuation = message(0x10, 16);
  bytes_.number(continuation, 1016, 8).number(continuation + 8, 400, 8);
  EXPECT_EQ(hints(), Ranges());
}

TEST(Hdf5Hints, AVersion2ObjectHeaderLeadsToLinksAndIndex) {
  ComposedBytes bytes(1024);
  bytes.text(0, "\x89HDF\r\n\x1A\n").number(8, 2, 1).number(36, 48, 8);
  bytes.text(48, "OHDR").number(52, 2, 1).number(53, 0, 1).number(54, 80, 1);
  // A hard link named "X".
  bytes.number(55, 6, 1).number(56, 12, 2);
  bytes.number(59, 1, 1).number(61, 1, 1).text(62, "X").number(63, 2'000'000,
                                                               8);
  // Link info: a fractal heap and a version 2 B-tree.
  bytes.number(71, 2, 1).number(72, 18, 2);
  bytes.number(77, 3'000'000, 8).number(85, 4'000'000, 8);
  // A layout of version 4, rank 2, indexed by an extensible array.
  bytes.number(93, 8, 1).number(94, 25, 2);
  bytes.number(97, 4, 1).number(98, 2, 1).number(100, 2, 1).number(101, 1, 1);
  bytes.number(104, 4, 1).number(110, 5'000'000, 8);
  EXPECT_EQ(bytes.hints(0, kHdf5Bytes), (Ranges{{2'000'000, 512},
                                                {3'000'000, 512},
                                                {4'000'000, 512},
                                                {5'000'000, 512}}));
}

}  // namespace
}  // namespace omicsfs
