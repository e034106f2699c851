// SPDX-License-Identifier: MIT
#include "fetch/format_hints.h"

#include <gtest/gtest.h>

#include "tests/fetch/composed_bytes.h"

// What readers do after each head or tail was seen with strace -e
// read,pread64,lseek: Python 3.11 zipfile and numpy 1.24 (head, end - 22,
// directory, member), samtools 1.16 (head, end - 28, head, region). pyarrow and
// the bigWig readers are not in Debian 12: there by the formats' own texts.

namespace omicsfs {
namespace {

using Ranges = std::vector<ByteRange>;

constexpr std::uint64_t kFile = 100'000'000;

TEST(FormatHints, NothingKnownGivesNothing) {
  EXPECT_EQ(ComposedBytes(0).hints(0, kFile), Ranges());
  EXPECT_EQ(ComposedBytes(100).hints(0, kFile), Ranges());
  EXPECT_EQ(ComposedBytes(100).text(0, "cell,gene\n").hints(0, kFile),
            Ranges());
  // A magic number is one at its place only.
  for (const std::string_view magic : {"PK\3\4", "PAR1", "\x89HDF"}) {
    EXPECT_EQ(ComposedBytes(100).text(1, magic).hints(0, kFile), Ranges());
    EXPECT_EQ(ComposedBytes(100).text(0, magic).hints(1, kFile), Ranges());
  }
}

TEST(FormatHints, BytesThatAreNotInTheFileGiveNothing) {
  const auto head = ComposedBytes(100).text(0, "PAR1");
  EXPECT_EQ(head.hints(0, 99), Ranges());
  EXPECT_EQ(head.hints(~std::uint64_t{0} - 10, ~std::uint64_t{0}), Ranges());
}

TEST(FormatHints, ZipHeadLeadsToTheTail) {
  EXPECT_EQ(ComposedBytes(4096).text(0, "PK\3\4").hints(0, kFile),
            (Ranges{{kFile - 65536 - 22, 65536 + 22}}));
}

TEST(FormatHints, ZipTailLeadsToTheDirectory) {
  for (const std::size_t comment : {0U, 1U, 1000U}) {
    const std::size_t eocd = 4096 - 22 - comment;
    const auto tail = ComposedBytes(4096)
                          .text(eocd, "PK\5\6")
                          .number(eocd + 12, 30'000'000, 4)
                          .number(eocd + 16, 60'000'000, 4)
                          .number(eocd + 20, comment, 2);
    // At most 8 MiB of it, from its start.
    EXPECT_EQ(
        tail.hints(kFile - 4096, kFile),
        (Ranges{{60'000'000, 128 * kBlockBytes - 60'000'000 % kBlockBytes}}));
    EXPECT_EQ(tail.hints(kFile - 4097, kFile), Ranges());
  }
}

TEST(FormatHints, ZipDirectoryThatCannotBeIsNone) {
  const auto tail = [](std::uint64_t start, std::uint64_t length) {
    return ComposedBytes(22)
        .text(0, "PK\5\6")
        .number(12, length, 4)
        .number(16, start, 4)
        .hints(kFile - 22, kFile);
  };
  EXPECT_EQ(tail(kFile - 21, 1), Ranges());
  EXPECT_EQ(tail(kFile - 1000, 1000), Ranges());
  EXPECT_EQ(tail(0xFFFF'FFFF, 0xFFFF'FFFF), Ranges());
  EXPECT_EQ(tail(1'000'000, 1000), (Ranges{{1'000'000, 1000}}));
}

TEST(FormatHints, Zip64DirectoryIsNamedByItsOwnRecord) {
  constexpr std::uint64_t kLarge = 10'000'000'000;
  constexpr std::uint64_t kRecord = kLarge - 22 - 20 - 56;
  auto tail = ComposedBytes(98)
                  .text(0, "PK\6\6")
                  .number(40, 1000, 8)
                  .number(48, kRecord - 1'000'000, 8)
                  .text(56, "PK\6\7")
                  .number(56 + 8, kRecord, 8)
                  .text(76, "PK\5\6")
                  .number(76 + 12, 0xFFFF'FFFF, 4)
                  .number(76 + 16, 0xFFFF'FFFF, 4);
  EXPECT_EQ(tail.hints(kLarge - 98, kLarge),
            (Ranges{{kRecord - 1'000'000, 1000}}));
  // The record lies before what was seen.
  tail.number(56 + 8, 5'000'000'000, 8);
  EXPECT_EQ(tail.hints(kLarge - 98, kLarge), (Ranges{{5'000'000'000, 56}}));
  tail.number(56 + 8, kLarge, 8);
  EXPECT_EQ(tail.hints(kLarge - 98, kLarge), Ranges());
}

TEST(FormatHints, ParquetHeadLeadsToTheTailAndThatToTheFooter) {
  EXPECT_EQ(ComposedBytes(4).text(0, "PAR1").hints(0, kFile),
            (Ranges{{kFile - 65536, 65536}}));
  auto tail =
      ComposedBytes(65536).number(65528, 300'000, 4).text(65532, "PAR1");
  const std::uint64_t footer = kFile - 8 - 300'000;
  const std::uint64_t seen = (kFile - 65536) / kBlockBytes * kBlockBytes;
  EXPECT_EQ(tail.hints(kFile - 65536, kFile),
            (Ranges{{footer, seen - footer}}));
  tail.number(65528, kFile, 4);
  EXPECT_EQ(tail.hints(kFile - 65536, kFile), Ranges());
}

TEST(FormatHints, BgzfHeadLeadsToTheEndMarker) {
  auto head = ComposedBytes(18).text(0, "\x1F\x8B\x08\x04").number(10, 6, 2);
  EXPECT_EQ(head.hints(0, kFile), Ranges());
  head.text(12, "BC\2");
  EXPECT_EQ(head.hints(0, kFile), (Ranges{{kFile - 28, 28}}));
  EXPECT_EQ(head.hints(0, 18), Ranges());
}

TEST(FormatHints, BigWigHeadLeadsToWhatItNames) {
  for (const std::string_view magic :
       {"\x26\xFC\x8F\x88", "\xEB\xF2\x89\x87"}) {
    const auto head = ComposedBytes(64)
                          .text(0, magic)
                          .number(8, 10'000'000, 8)
                          .number(24, 90'000'000, 8)
                          .number(44, 0, 8);
    EXPECT_EQ(head.hints(0, kFile),
              (Ranges{{10'000'000, 16384}, {90'000'000, 16384}}));
  }
}

TEST(FormatHints, ASmallFileIsSeenWholeAtOnce) {
  const auto file = ComposedBytes(1000).text(0, "PK\3\4").text(978, "PK\5\6");
  EXPECT_EQ(file.hints(0, 1000), Ranges());
}

}  // namespace
}  // namespace omicsfs
