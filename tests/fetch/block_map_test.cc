// SPDX-License-Identifier: MIT
#include "fetch/block_map.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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
       {"http://b/x", {"", "Sat, 21 Nov 2026 06:00:00 GMT"}}},
      1'700'000'000};
  const auto bytes = encode_map_header(header);
  ASSERT_TRUE(bytes);
  const auto back = decode_map_header(*bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->file_size, header.file_size);
  EXPECT_EQ(back->pins, header.pins);
  EXPECT_EQ(back->since, header.since);
}

TEST(MapHeader, PinsThatDoNotFitOrCannotBeWrittenAreAnError) {
  const std::vector<std::pair<std::string, Validator>> bad{
      {"http://a/" + std::string(5000, 'x'), {"\"1\"", ""}},
      {"http://b/\n", {"\"2\"", ""}},
      {"http://c/", {"\"\t\"", ""}},
      {"http://c/", {"", "\n"}}};
  for (const auto& pin : bad) {
    EXPECT_EQ(encode_map_header({1, {pin}}).error().code, ErrorCode::kInvalid);
  }
  const VersionPin::Entries many(400, {"http://c/", {"\"3\"", ""}});
  EXPECT_EQ(encode_map_header({1, many}).error().code, ErrorCode::kInvalid);
}

TEST(MapHeader, IsRefusedWithAnyByteChangedOrMissing) {
  const auto encoded =
      encode_map_header({77, {{"http://a/x", {"\"v1\"", ""}}}});
  ASSERT_TRUE(encoded);
  const MapHeaderBytes good = *encoded;
  for (std::size_t at = 0; at < good.size(); ++at) {
    MapHeaderBytes bad = good;
    bad[at] ^= std::byte{0x10};
    EXPECT_FALSE(decode_map_header(bad)) << at;
  }
  EXPECT_FALSE(decode_map_header(std::span(good).first(good.size() - 1)));
  EXPECT_FALSE(decode_map_header({}));
}

constexpr std::array kAllStates{CellState::kPresent, CellState::kSealed,
                                CellState::kLost, CellState::kAgain};

TEST(MapCell, OnlyABlockThatIsHereHasACrc) {
  for (const std::uint32_t crc : {0U, 77U, UINT32_MAX}) {
    for (const CellState state : kAllStates) {
      const std::uint64_t cell = make_cell(state, crc);
      EXPECT_EQ(state_of_cell(cell), state);
      EXPECT_EQ(crc_of_cell(cell).has_value(), state != CellState::kLost);
      EXPECT_EQ(sealed_crc_of_cell(cell).has_value(),
                state != CellState::kPresent);
      EXPECT_EQ(crc_of_cell(cell).value_or(crc), crc);
      EXPECT_EQ(sealed_crc_of_cell(cell).value_or(crc), crc);
    }
  }
  for (const std::uint64_t cell : {std::uint64_t{0}, UINT64_MAX}) {
    EXPECT_FALSE(crc_of_cell(cell));
    EXPECT_FALSE(sealed_crc_of_cell(cell));
  }
}

// The caches of earlier versions hold these.
TEST(MapCell, APresentOneIsWrittenAsItAlwaysWas) {
  EXPECT_EQ(make_cell(CellState::kPresent, 0x01020304), 0x01020304314B4C42U);
}

TEST(MapCell, ADamagedSealRefusesNoBytes) {
  for (const CellState state :
       {CellState::kSealed, CellState::kLost, CellState::kAgain}) {
    for (const std::uint32_t crc : {0U, 0xDEADBEEFU, UINT32_MAX}) {
      const std::uint64_t cell = make_cell(state, crc);
      for (int bit = 0; bit < 64; ++bit) {
        EXPECT_FALSE(sealed_crc_of_cell(cell ^ std::uint64_t{1} << bit));
      }
    }
  }
}

TEST(MapCell, ALostOneKeepsWhatWasSealed) {
  const auto cell = [](CellState state) { return make_cell(state, 5); };
  EXPECT_EQ(lost_cell(0), 0U);
  EXPECT_EQ(lost_cell(cell(CellState::kPresent)), 0U);
  EXPECT_EQ(lost_cell(cell(CellState::kSealed)), cell(CellState::kLost));
  EXPECT_EQ(lost_cell(cell(CellState::kAgain)), cell(CellState::kLost));
  EXPECT_EQ(lost_cell(cell(CellState::kLost)), cell(CellState::kLost));
  EXPECT_EQ(stored_cell(0, 5), cell(CellState::kPresent));
  EXPECT_EQ(stored_cell(cell(CellState::kPresent), 5),
            cell(CellState::kPresent));
  EXPECT_EQ(stored_cell(cell(CellState::kLost), 5), cell(CellState::kAgain));
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

class SealedMap : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBlocks = 6;

  const TemporaryDirectory dir_;
  const UniqueFd file_ = open_map(dir_);
  const std::vector<std::uint32_t> crcs_{10, 11, 12, 13, 14, 15};
  BlockMap map_{kBlocks};

  void SetUp() override {
    ASSERT_TRUE(map_.set(file_.get(), 0, crcs_));
    ASSERT_TRUE(map_.seal(file_.get(), map_.crcs()));
  }
  [[nodiscard]] std::unique_ptr<BlockMap> loaded() const {
    auto map = std::make_unique<BlockMap>(kBlocks);
    map->load(file_.get());
    return map;
  }
};

TEST_F(SealedMap, ABlockThatIsLostKeepsItsChecksumHereAndInTheFile) {
  map_.clear(file_.get(), 1);
  ASSERT_TRUE(map_.clear(file_.get(), BlockRun{3, 2}));
  const auto again = loaded();
  for (const BlockMap* map :
       {&std::as_const(map_), static_cast<const BlockMap*>(again.get())}) {
    EXPECT_EQ(map->count(), 3U);
    for (const BlockIndex lost : {1U, 3U, 4U}) {
      EXPECT_FALSE(map->present(lost));
      EXPECT_EQ(map->sealed_crc(lost), crcs_[lost]);
    }
  }
}

TEST_F(SealedMap, EachWayToLoseABlockIsCounted) {
  const auto other = loaded();
  EXPECT_EQ(map_.losses(), 0U);
  map_.clear(file_.get(), 0);
  ASSERT_TRUE(map_.clear(file_.get(), BlockRun{1, 2}));
  EXPECT_EQ(map_.losses(), 3U);
  EXPECT_FALSE(other->confirm(file_.get(), 0, crcs_[0]));
  EXPECT_EQ(other->losses(), 1U);
}

TEST_F(SealedMap, AnotherProcessClearsWhatItDoesNotKnowToBeSealed) {
  BlockMap unsealed(kBlocks);
  const TemporaryDirectory dir;
  const UniqueFd elsewhere = open_map(dir);
  ASSERT_TRUE(unsealed.set(elsewhere.get(), 0, crcs_));
  unsealed.clear(file_.get(), 2);
  EXPECT_EQ(loaded()->sealed_crc(2), crcs_[2]);
}

TEST_F(SealedMap, ASealLeavesOutWhatHasChangedMeanwhile) {
  BlockMap map(kBlocks);
  ASSERT_EQ(::ftruncate(file_.get(), 0), 0);
  ASSERT_TRUE(map.set(file_.get(), 0, crcs_));
  const std::vector<std::uint32_t> found = map.crcs();
  const auto other = loaded();
  other->clear(file_.get(), 1);
  ASSERT_TRUE(map.set(file_.get(), 2, {{99}}));
  ASSERT_TRUE(map.seal(file_.get(), found));
  EXPECT_FALSE(loaded()->present(1));
  EXPECT_FALSE(loaded()->sealed_crc(2));
  EXPECT_EQ(loaded()->crc(2), 99U);
  EXPECT_EQ(loaded()->sealed_crc(3), crcs_[3]);
}

TEST_F(SealedMap, BlocksThatCameAgainDoNotCountForOtherServers) {
  map_.clear(file_.get(), 2);
  ASSERT_TRUE(map_.set(file_.get(), 2, {{crcs_[2]}}));
  BlockMap other(kBlocks);
  other.trust_sealed_alone();
  other.load(file_.get());
  EXPECT_EQ(other.count(), kBlocks - 1);
  EXPECT_FALSE(other.present(2));
  EXPECT_EQ(loaded()->count(), kBlocks);
}

}  // namespace
}  // namespace omicsfs
