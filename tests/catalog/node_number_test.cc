// SPDX-License-Identifier: MIT
#include "catalog/node_number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/stable_hash.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

using Fill = std::function<void(TreeBuilder&)>;
using Numbers = std::map<std::string, NodeNumber>;

// The bits of an identity above those that a number lacks.
constexpr std::uint64_t identity_for(NodeNumber number, std::uint64_t rest) {
  return number << (64 - kNodeNumberBits) | rest;
}

// Mounts that are upgraded keep their inode numbers only while these hold.
TEST(StableHash, GivesTheSameValuesInEveryVersion) {
  static_assert(StableHash(1).add("").value() != StableHash(1).value());
  EXPECT_EQ(StableHash(1).add("path/of a file").add(std::uint64_t{7}).value(),
            0x55d42684048e9527U);
  EXPECT_EQ(StableHash(8).add(std::uint64_t{5}).add("name").value(),
            0x1a86849725f9cee0U);
}

TEST(StableHash, TellsApartHowTextsAreSplit) {
  std::set<std::uint64_t> values;
  for (const auto& [first, second] :
       {std::pair("ab", "c"), std::pair("a", "bc"), std::pair("", "abc"),
        std::pair("abc", "")}) {
    values.insert(StableHash(3).add(first).add(second).value());
  }
  EXPECT_EQ(values.size(), 4U);
  EXPECT_NE(StableHash(3).add("abc").value(),
            StableHash(3).add(std::string_view("abc\0", 4)).value());
}

TEST(NodeNumbers, EqualHashesGiveNumbersThatDependOnTheSetAlone) {
  // Three identities want the number 5, one wants 6, one wants 0.
  const std::vector<std::uint64_t> identities = {
      identity_for(5, 3), identity_for(5, 1), identity_for(5, 2),
      identity_for(6, 0), identity_for(0, 9)};
  const std::map<std::uint64_t, NodeNumber> expected = {{identities[1], 5},
                                                        {identities[2], 6},
                                                        {identities[0], 7},
                                                        {identities[3], 8},
                                                        {identities[4], 1}};
  std::vector<std::uint64_t> order = identities;
  std::sort(order.begin(), order.end());
  do {
    std::vector<std::uint64_t> numbers = order;
    const auto by_number = number_nodes(numbers);
    for (std::size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(numbers[i], expected.at(order[i]));
    }
    ASSERT_TRUE(std::is_sorted(by_number.begin(), by_number.end(),
                               [&](std::uint32_t left, std::uint32_t right) {
                                 return numbers[left] < numbers[right];
                               }));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(NodeNumbers, AreUniqueAndInRangeAtTheEndsOfTheRange) {
  std::vector<std::uint64_t> numbers(1000, ~std::uint64_t{0});
  numbers.resize(2000, 0);
  number_nodes(numbers);
  const std::set<NodeNumber> unique(numbers.begin(), numbers.end());
  EXPECT_EQ(unique.size(), 2000U);
  EXPECT_EQ(*unique.begin(), 1U);
  EXPECT_LE(*unique.rbegin(), kMaxNodeNumber);
}

TEST(FileIdentity, IsThatOfTheDigestWhateverTheUrl) {
  RemoteFile one = remote_file_named("a", 5);
  one.digest = Digest{DigestKind::kSha256, std::string(64, 'a')};
  RemoteFile other = one;
  other.urls = {"https://mirror/b?signature=1"};
  other.validator = "later";
  EXPECT_EQ(file_identity(one, 1), file_identity(other, 2));
  other.size = 6;
  EXPECT_NE(file_identity(one, 1), file_identity(other, 1));
  other = one;
  other.digest->hex.back() = 'b';
  EXPECT_NE(file_identity(one, 1), file_identity(other, 1));
}

TEST(FileIdentity, AChecksumDoesNotMakeTwoPlacesOne) {
  RemoteFile one = remote_file_named("a", 5);
  RemoteFile other = remote_file_named("b", 5);
  one.digest = crc32_digest(7);
  other.digest = crc32_digest(7);
  EXPECT_NE(file_identity(one, std::nullopt),
            file_identity(other, std::nullopt));
}

TEST(FileIdentity, WithoutADigestIsThatOfThePlaceAndItsVersion) {
  RemoteFile file = remote_file_named("a?X-Amz-Signature=1", 5);
  file.validator = "etag";
  RemoteFile other = file;
  other.urls = {"https://h/a?X-Amz-Signature=2"};
  EXPECT_EQ(file_identity(file, 1), file_identity(other, 2));
  other.validator = "etag-2";
  EXPECT_NE(file_identity(file, 1), file_identity(other, 1));
  other = file;
  other.urls = {"https://h/b"};
  EXPECT_NE(file_identity(file, 1), file_identity(other, 1));
}

TEST(FileIdentity, WithoutAnyVersionIsThatOfTheDateToldOrTheWholeUrl) {
  const RemoteFile file = remote_file_named("a?v=1", 5);
  const RemoteFile other = remote_file_named("a?v=2", 5);
  EXPECT_NE(file_identity(file, 1), file_identity(file, 2));
  EXPECT_EQ(file_identity(file, 1), file_identity(other, 1));
  EXPECT_NE(file_identity(file, std::nullopt),
            file_identity(other, std::nullopt));
}

TEST(FileIdentity, OfAMemberAndOfColumnsFollowsTheirFile) {
  RemoteFile whole = remote_file_named("a.zip", 500);
  whole.validator = "1";
  const auto member = [](const RemoteFile& archive, std::uint64_t offset) {
    RemoteFile file;
    file.size = 3;
    file.member = MemberPlace{std::make_shared<RemoteFile>(archive), offset, 3,
                              MemberMethod::kStored};
    return file_identity(file, std::nullopt);
  };
  const auto columns = [](const RemoteFile& array, std::uint64_t offset) {
    RemoteFile file;
    file.size = 12;
    file.columns = ColumnPlace{
        std::make_shared<RemoteFile>(array), 100, 10, offset, 2, "h"};
    return file_identity(file, std::nullopt);
  };
  RemoteFile replaced = whole;
  replaced.validator = "2";
  EXPECT_EQ(member(whole, 7), member(whole, 7));
  EXPECT_NE(member(whole, 7), member(whole, 8));
  EXPECT_NE(member(whole, 7), member(replaced, 7));
  EXPECT_EQ(columns(whole, 4), columns(whole, 4));
  EXPECT_NE(columns(whole, 4), columns(whole, 6));
  EXPECT_NE(columns(whole, 4), columns(replaced, 4));
}

class StableNumbers : public ::testing::Test {
 protected:
  // The numbers of all nodes of such a tree, by path; checks each both ways.
  Numbers numbers_of(const Fill& fill) {
    const auto snapshot = composed_snapshot(dir_ / "s", fill);
    Numbers numbers;
    if (snapshot != nullptr) {
      collect(*snapshot, *snapshot->node(kRootNode), "", numbers);
    }
    return numbers;
  }

 private:
  static void collect(const Snapshot& snapshot, const NodeFacts& node,
                      const std::string& path, Numbers& numbers) {
    const auto found = snapshot.numbered(node.number);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->id, node.id) << path;
    EXPECT_EQ(found->kind, node.kind) << path;
    numbers[path] = node.number;
    const auto entries = snapshot.list(node.id, 0, 1000);
    ASSERT_TRUE(entries);
    for (const DirectoryEntry& entry : *entries) {
      collect(snapshot, entry.node, path + "/" + entry.name, numbers);
    }
  }

  ScratchDir dir_;
};

void add_common(TreeBuilder& tree) {
  ASSERT_TRUE(tree.add_file("d/m", remote_file_named("m", 5), 1));
  ASSERT_TRUE(tree.add_inline_file("d/README.txt", "text", 1));
  ASSERT_TRUE(tree.add_symlink("latest", "d", 1));
  const auto large = tree.begin_inline_file("large", 1);
  ASSERT_TRUE(large);
  ASSERT_TRUE(tree.append_bytes(*large, std::string(200'000, 'x')));
  ASSERT_TRUE(tree.end_bytes(*large));
}

TEST_F(StableNumbers, StayWhateverStandsBeforeOrBehind) {
  const Numbers alone = numbers_of(add_common);
  const Numbers among = numbers_of([](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_file("a/first", remote_file_named("x", 5), 9));
    ASSERT_TRUE(tree.add_file("d/a", remote_file_named("y", 5), 9));
    add_common(tree);
    ASSERT_TRUE(tree.add_file("d/z", remote_file_named("z", 5), 9));
  });
  ASSERT_EQ(alone.size(), 6U);
  EXPECT_EQ(among.size(), 10U);
  std::set<NodeNumber> unique;
  for (const auto& [path, number] : among) {
    unique.insert(number);
    if (alone.contains(path)) {
      EXPECT_EQ(number, alone.at(path)) << path;
    }
  }
  EXPECT_EQ(unique.size(), among.size());
}

TEST_F(StableNumbers, ChangeWithTheContentAndThePathAlone) {
  const auto tree_of = [](const std::string& path, std::uint64_t size,
                          const std::string& text, const std::string& target,
                          char filler) {
    return [=](TreeBuilder& tree) {
      ASSERT_TRUE(tree.add_file(path, remote_file_named("m", size), 1));
      ASSERT_TRUE(tree.add_inline_file("text", text, 1));
      ASSERT_TRUE(tree.add_symlink("link", target, 1));
      const auto large = tree.begin_inline_file("large", 1);
      ASSERT_TRUE(tree.append_bytes(*large, std::string(200'000, filler)));
      ASSERT_TRUE(tree.end_bytes(*large));
    };
  };
  const Numbers before = numbers_of(tree_of("f", 5, "one", "a", 'x'));
  const Numbers after = numbers_of(tree_of("f", 6, "two", "b", 'y'));
  const Numbers moved = numbers_of(tree_of("g", 5, "one", "a", 'x'));
  for (const char* path : {"/f", "/text", "/link", "/large"}) {
    EXPECT_NE(before.at(path), after.at(path)) << path;
  }
  EXPECT_EQ(before.at(""), after.at(""));
  EXPECT_NE(moved.at("/g"), before.at("/f"));
  EXPECT_EQ(moved.at("/text"), before.at("/text"));
}

TEST_F(StableNumbers, HardLinksShareOneThatFurtherNamesDoNotChange) {
  const auto with_links = [](const std::vector<std::string>& links) {
    return [=](TreeBuilder& tree) {
      const auto file = tree.add_file("m", remote_file_named("m", 5), 1);
      ASSERT_TRUE(file);
      for (const std::string& link : links) {
        ASSERT_TRUE(tree.add_link(link, *file));
      }
    };
  };
  const Numbers one = numbers_of(with_links({"releases/2/m"}));
  const Numbers two = numbers_of(with_links({"releases/1/m", "a", "z"}));
  EXPECT_EQ(one.at("/m"), one.at("/releases/2/m"));
  for (const char* name : {"/m", "/releases/1/m", "/a", "/z"}) {
    EXPECT_EQ(two.at(name), one.at("/m"));
  }
}

TEST_F(StableNumbers, ANumberOfNoNodeIsNotFound) {
  ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", [](TreeBuilder&) {});
  const NodeNumber root = snapshot->node(kRootNode)->number;
  for (const NodeNumber number : {NodeNumber{0}, root - 1, root + 1}) {
    EXPECT_EQ(snapshot->numbered(number).error().code, ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace omicsfs
