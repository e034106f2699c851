// SPDX-License-Identifier: MIT
#include "fetch/block_map.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/crc32c.h"
#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

constexpr std::array<std::uint32_t, 1> kCrc{33};

UniqueFd open_map(const TemporaryDirectory& dir) {
  return UniqueFd(
      ::open((dir.path() / "map").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

// RFC 3720 appendix B.4.
TEST(Crc32c, AgreesWithThePublishedVectors) {
  const auto of = [](std::string_view text) {
    return crc32c(std::as_bytes(std::span(text)));
  };
  EXPECT_EQ(of("123456789"), 0xE3069283U);
  EXPECT_EQ(of(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(of(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(of(""), 0U);
}

TEST(MapHeader, ComesBackAsItWasWritten) {
  const MapHeader header{
      12345,
      {{"http://a/x", {"\"v1\"", ""}},
       {"http://b/x", {"", "Sat, 21 Nov 2026 06:00:00 GMT"}}}};
  const auto back = decode_map_header(encode_map_header(header));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->file_size, header.file_size);
  EXPECT_EQ(back->pins, header.pins);
}

TEST(MapHeader, LeavesOutPinsThatDoNotFitOrCannotBeWritten) {
  const MapHeader header{1,
                         {{"http://a/" + std::string(5000, 'x'), {"\"1\"", ""}},
                          {"http://b/\n", {"\"2\"", ""}},
                          {"http://c/", {"\"3\"", ""}}}};
  const auto back = decode_map_header(encode_map_header(header));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->pins.size(), 1U);
  EXPECT_EQ(back->pins.front().first, "http://c/");
}

TEST(MapHeader, IsRefusedWithAnyByteChangedOrMissing) {
  const MapHeaderBytes good =
      encode_map_header({77, {{"http://a/x", {"\"v1\"", ""}}}});
  for (std::size_t at = 0; at < good.size(); ++at) {
    MapHeaderBytes bad = good;
    bad[at] ^= std::byte{0x10};
    EXPECT_FALSE(decode_map_header(bad)) << at;
  }
  EXPECT_FALSE(decode_map_header(std::span(good).first(good.size() - 1)));
  EXPECT_FALSE(decode_map_header({}));
}

TEST(MapCell, OnlyAPresentCellHasACrc) {
  EXPECT_EQ(crc_of_cell(present_cell(0)), 0U);
  EXPECT_EQ(crc_of_cell(present_cell(UINT32_MAX)), UINT32_MAX);
  EXPECT_FALSE(crc_of_cell(0));
  EXPECT_FALSE(crc_of_cell(UINT64_MAX));
}

TEST(BlockMap, BlocksSetAreThereForTheNextOneWhoLoads) {
  const TemporaryDirectory dir;
  const UniqueFd file = open_map(dir);
  BlockMap map(200'000);
  for (const BlockIndex block : {0ULL, 511ULL, 70'000ULL, 199'999ULL}) {
    const auto crc = static_cast<std::uint32_t>(block);
    ASSERT_TRUE(map.set(file.get(), block, {{crc}}));
  }
  BlockMap again(200'000);
  again.load(file.get());
  EXPECT_EQ(again.count(), 4U);
  EXPECT_EQ(again.crc(70'000), 70'000U);
  EXPECT_EQ(again.crc(199'999), 199'999U);
  EXPECT_FALSE(again.present(1));
}

TEST(BlockMap, RefreshSeesWhatAnotherProcessSet) {
  const TemporaryDirectory dir;
  const UniqueFd file = open_map(dir);
  BlockMap mine(10);
  BlockMap theirs(10);
  ASSERT_TRUE(theirs.set(file.get(), 3, kCrc));
  EXPECT_FALSE(mine.present(3));
  mine.refresh(file.get(), {2, 5});
  EXPECT_EQ(mine.crc(3), kCrc.front());
  EXPECT_EQ(mine.count(), 1U);
}

TEST(BlockMap, ClearedBlocksAreAbsentHereAndInTheFile) {
  const TemporaryDirectory dir;
  const UniqueFd file = open_map(dir);
  BlockMap map(4);
  ASSERT_TRUE(map.set(file.get(), 2, kCrc));
  map.clear(file.get(), 2);
  EXPECT_FALSE(map.present(2));
  EXPECT_EQ(map.count(), 0U);
  BlockMap again(4);
  again.load(file.get());
  EXPECT_FALSE(again.present(2));
}

TEST(BlockMap, ATruncatedFileIsAMapOfAbsentBlocks) {
  const TemporaryDirectory dir;
  const UniqueFd file = open_map(dir);
  BlockMap map(1000);
  ASSERT_TRUE(map.set(file.get(), 0, std::vector<std::uint32_t>(1000, 1)));
  ASSERT_EQ(::ftruncate(file.get(), kMapHeaderBytes + 8 * 10 + 3), 0);
  BlockMap again(1000);
  again.load(file.get());
  EXPECT_EQ(again.count(), 10U);
}

TEST(BlockMap, ACellThatCannotBeWrittenLeavesTheBlockAbsent) {
  const UniqueFd full(::open("/dev/full", O_RDWR | O_CLOEXEC));
  BlockMap map(4);
  const auto set = map.set(full.get(), 1, kCrc);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(map.present(1));
}

}  // namespace
}  // namespace omicsfs
