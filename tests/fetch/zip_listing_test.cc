// SPDX-License-Identifier: MIT
#include "fetch/zip_listing.h"

#include <gtest/gtest.h>

#include <cstring>

#include "fetch/zip_local_header.h"
#include "fetch/zip_prefix.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/composed_zip.h"

namespace omicsfs {
namespace {

// Bytes in memory, and how much of them was read.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& /*limits*/) override {
    lowest = std::min(lowest, offset);
    if (fails) {
      return Error{ErrorCode::kUnavailable, "no network"};
    }
    if (!out.empty()) {
      std::memcpy(out.data(), bytes_.data() + offset, out.size());
    }
    return {};
  }

  std::uint64_t lowest = UINT64_MAX;
  bool fails = false;

 private:
  const std::string bytes_;
};

ArchiveMembers must_list(const std::string& zip) {
  MemorySource source(zip);
  auto members = list_zip(source, patient());
  EXPECT_TRUE(members) << members.error().message;
  return members ? *members : ArchiveMembers();
}

// Each member's bytes, as its place in the archive has them.
void expect_data_at(const std::string& zip, const ArchiveMember& member,
                    const std::string& data) {
  const auto header =
      std::as_bytes(std::span(zip)).subspan(member.header_offset);
  const auto length = local_header_length(header, member.method);
  ASSERT_TRUE(length) << member.name << ": " << length.error().message;
  EXPECT_EQ(zip.substr(member.header_offset + *length, member.compressed_size),
            data)
      << member.name;
}

const std::string kTable = composed_table(5000);

TEST(ZipListing, TellsEachMemberAndWhereItLies) {
  const std::string zip =
      composed_zip({{"dir/", "", Packing::kStored},
                    {"dir/table.tsv", kTable},
                    {"stored.txt", "as it is", Packing::kStored},
                    {"extra.txt", kTable, Packing::kDeflated, -1, 0, -1, -1,
                     std::string("\x99\x99\x04\0abcd", 8)}});
  const ArchiveMembers members = must_list(zip);
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].name, "dir/");
  EXPECT_TRUE(members[0].is_directory());
  EXPECT_EQ(members[1].name, "dir/table.tsv");
  EXPECT_EQ(members[1].size, kTable.size());
  EXPECT_EQ(members[1].method, MemberMethod::kDeflated);
  EXPECT_EQ(members[1].mtime, 1726755280);  // taken for UTC
  EXPECT_EQ(crc32_digest(members[1].crc32),
            digest_of(DigestKind::kCrc32, std::as_bytes(std::span(kTable))));
  EXPECT_EQ(members[2].method, MemberMethod::kStored);
  expect_data_at(zip, members[1], deflated(kTable));
  expect_data_at(zip, members[2], "as it is");
  expect_data_at(zip, members[3], deflated(kTable));
}

TEST(ZipListing, ReadsTheTailOnly) {
  const std::string large = random_bytes(3'000'000, 1);
  MemorySource source(composed_zip(
      {{"large", large, Packing::kStored}, {"small", "x", Packing::kStored}}));
  ASSERT_TRUE(list_zip(source, patient()));
  EXPECT_GT(source.lowest, 2'700'000U);
}

TEST(ZipListing, ListsManyEntriesInTheirOrder) {
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 5000; ++i) {
    entries.push_back(
        {"m" + std::to_string(i), std::to_string(i), Packing::kStored});
  }
  const std::string zip = composed_zip(entries);
  const ArchiveMembers members = must_list(zip);
  ASSERT_EQ(members.size(), entries.size());
  for (std::size_t i = 0; i < members.size(); i += 499) {
    EXPECT_EQ(members[i].name, entries[i].name);
    expect_data_at(zip, members[i], entries[i].bytes);
  }
}

TEST(ZipListing, TakesACommentAndWhatStandsBefore) {
  const std::vector<ZipEntry> entries = {{"a", kTable}, {"b", "b"}};
  const std::string zip = composed_zip(entries, "a comment", "#!/bin/sh\nrun");
  const ArchiveMembers members = must_list(zip);
  ASSERT_EQ(members.size(), 2U);
  expect_data_at(zip, members[0], deflated(kTable));
  MemorySource source(zip);
  EXPECT_EQ(*zip_prefix(source, patient()), 13U);
}

TEST(ZipListing, NamesAreUtf8AndElseOfCodePage437) {
  const ArchiveMembers members = must_list(composed_zip(
      {{"\xc3\xbc", "1", Packing::kStored, -1, 0x800}, {"\x81", "2"}}));
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "\xc3\xbc");
  EXPECT_EQ(members[1].name, "\xc3\xbc");  // 0x81 of code page 437
}

TEST(ZipListing, WhatIsEncryptedOrPackedOtherwiseIsUnreadableAndSaysWhy) {
  const ArchiveMembers members =
      must_list(composed_zip({{"secret", "x", Packing::kStored, -1, 1},
                              {"bzip2", "x", Packing::kStored, 12},
                              {"deflate64", "x", Packing::kStored, 9}}));
  ASSERT_EQ(members.size(), 3U);
  for (const ArchiveMember& member : members) {
    EXPECT_EQ(member.method, MemberMethod::kUnreadable) << member.name;
    EXPECT_FALSE(member.why_unreadable.empty()) << member.name;
  }
  EXPECT_NE(members[0].why_unreadable.find("encrypted"), std::string::npos);
  EXPECT_NE(members[1].why_unreadable.find("12"), std::string::npos);
}

ZipEntry made_by(int system, const std::string& name) {
  ZipEntry entry{name, "x", Packing::kStored};
  entry.made_by = system << 8 | 20;
  return entry;
}

TEST(ZipListing, BackslashesOfDosAreSlashesWhereANameHasNone) {
  const ArchiveMembers members = must_list(composed_zip(
      {made_by(0, "GSE1\\sub\\a.tsv"), made_by(0, "empty\\"),
       made_by(0, "a/b\\c"), made_by(3, "d\\e"), made_by(19, "f\\g")}));
  ASSERT_EQ(members.size(), 5U);
  EXPECT_EQ(members[0].name, "GSE1/sub/a.tsv");
  EXPECT_EQ(members[1].name, "empty/");
  EXPECT_EQ(members[2].name, "a/b\\c");
  EXPECT_EQ(members[3].name, "d\\e");
  EXPECT_EQ(members[4].name, "f\\g");
}

ZipEntry link_to(const std::string& target, Packing packing, int system = 3) {
  ZipEntry entry{"link", target, packing};
  entry.made_by = system << 8 | 20;
  entry.attributes = 0xa1ff0000;
  return entry;
}

TEST(ZipListing, ALinkTellsItsTargetAndHasNoBytes) {
  for (const Packing packing : {Packing::kStored, Packing::kDeflated}) {
    for (const int system : {3, 19}) {
      const ArchiveMembers members = must_list(composed_zip(
          {{"real", kTable}, link_to("../d/real", packing, system)}));
      ASSERT_EQ(members.size(), 2U);
      EXPECT_FALSE(members[0].is_link);
      EXPECT_TRUE(members[1].is_link);
      EXPECT_EQ(members[1].link_target, "../d/real");
      EXPECT_EQ(members[1].method, MemberMethod::kUnreadable);
    }
  }
  // On DOS these attributes mean something else.
  EXPECT_FALSE(
      must_list(composed_zip({link_to("x", Packing::kStored, 0)}))[0].is_link);
}

TEST(ZipListing, ALinkWhoseTargetCannotBeReadSaysSo) {
  ZipEntry damaged = link_to("real", Packing::kStored);
  damaged.stated_crc = 1;
  ZipEntry secret = link_to("real", Packing::kStored);
  secret.flags = 1;
  const ZipEntry endless = link_to(std::string(5000, 'x'), Packing::kDeflated);
  for (const ZipEntry& entry :
       {damaged, secret, endless, link_to("", Packing::kStored)}) {
    const ArchiveMembers members = must_list(composed_zip({entry}));
    ASSERT_EQ(members.size(), 1U);
    EXPECT_TRUE(members[0].is_link);
    EXPECT_EQ(members[0].link_target, "");
    EXPECT_EQ(members[0].method, MemberMethod::kUnreadable);
    EXPECT_FALSE(members[0].why_unreadable.empty());
  }
}

TEST(ZipListing, TheTargetsOfFourThousandAndNinetySixLinksAreRead) {
  std::vector<ZipEntry> entries;
  for (int link = 0; link < 4097; ++link) {
    entries.push_back(link_to("real", Packing::kStored));
    entries.back().name = "link" + std::to_string(link);
  }
  const ArchiveMembers members = must_list(composed_zip(entries));
  ASSERT_EQ(members.size(), 4097U);
  EXPECT_EQ(members[4095].link_target, "real");
  EXPECT_EQ(members[4096].link_target, "");
  EXPECT_EQ(members[4096].why_unreadable,
            "it is one symbolic link of too many");
}

TEST(ZipListing, AnEmptyArchiveHasNoMembers) {
  EXPECT_TRUE(must_list(composed_zip({})).empty());
}

TEST(ZipListing, OneThatIsCutOrNoneIsRefused) {
  const std::string zip = composed_zip({{"a", kTable}});
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{10}, zip.size() / 2, zip.size() - 1}) {
    MemorySource source(zip.substr(0, length));
    const auto members = list_zip(source, patient());
    ASSERT_FALSE(members) << length;
    EXPECT_EQ(members.error().code, ErrorCode::kInvalid);
  }
}

TEST(ZipListing, AFailureToReadIsToldAsItIs) {
  MemorySource source(composed_zip({{"a", kTable}}));
  source.fails = true;
  const auto members = list_zip(source, patient());
  ASSERT_FALSE(members);
  EXPECT_EQ(members.error().code, ErrorCode::kUnavailable);
}

TEST(ZipLocalHeader, TellsOfAnotherMethodAndOfNoHeader) {
  const std::string zip = composed_zip({{"name", kTable}});
  const auto bytes = std::as_bytes(std::span(zip));
  const auto length = local_header_length(bytes, MemberMethod::kDeflated);
  ASSERT_TRUE(length);
  EXPECT_EQ(*length, kLocalHeaderBytes + 4);
  EXPECT_FALSE(local_header_length(bytes, MemberMethod::kStored));
  EXPECT_FALSE(local_header_length(bytes.subspan(1), MemberMethod::kDeflated));
  EXPECT_FALSE(local_header_length(bytes.first(29), MemberMethod::kDeflated));
}

TEST(ZipPrefix, IsNoneWhereTheRecordDoesNotFit) {
  const std::string zip = composed_zip({{"a", kTable}});
  const auto bytes = std::as_bytes(std::span(zip));
  EXPECT_EQ(prefix_told_by(bytes, 0), 0U);
  EXPECT_EQ(prefix_told_by(bytes, 5), 5U);
  EXPECT_EQ(prefix_told_by(bytes.first(21), 0), std::nullopt);
  EXPECT_EQ(prefix_told_by({}, 0), std::nullopt);
  std::string huge = zip;
  huge[zip.size() - 3] = '\x7f';  // an offset far beyond
  EXPECT_EQ(prefix_told_by(std::as_bytes(std::span(huge)), 0), std::nullopt);
}

}  // namespace
}  // namespace omicsfs
