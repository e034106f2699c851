// SPDX-License-Identifier: MIT
#include "fetch/points_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "catalog/crc32c.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

class PointsFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] Result<PointsFile> open(bool create = true) const {
    return PointsFile::open(path_, member_, create);
  }
  static std::vector<std::byte> window(unsigned char fill) {
    return std::vector<std::byte>(1000, static_cast<std::byte>(fill));
  }
  static PointHead head(std::uint64_t out) {
    const auto bytes = window(static_cast<unsigned char>(out));
    return {out, out * 2, out * 3, static_cast<std::uint32_t>(bytes.size()),
            crc32c(bytes)};
  }
  static Result<void> append(PointsFile& file, std::uint64_t out) {
    return file.append(head(out), window(static_cast<unsigned char>(out)));
  }
  void fill(std::initializer_list<std::uint64_t> outs) const {
    auto file = open();
    ASSERT_TRUE(file) << file.error().message;
    static_cast<void>(file->read_new());
    for (const std::uint64_t out : outs) {
      ASSERT_TRUE(append(*file, out));
      ASSERT_EQ(file->read_new().size(), 1U);
    }
  }
  [[nodiscard]] std::vector<std::uint64_t> outs() const {
    auto file = open(false);
    std::vector<std::uint64_t> found;
    if (file) {
      for (const StoredPoint& point : file->read_new()) {
        found.push_back(point.head.out);
      }
    }
    return found;
  }
  void flip(std::uint64_t at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
  }

  const TemporaryDirectory dir_;
  const std::filesystem::path path_ = dir_.path() / "key.points";
  const PointsHeader member_{1'000'000, 900'000};
};

TEST_F(PointsFileTest, KeepsWhatItIsGivenForTheNextSession) {
  EXPECT_EQ(open(false).error().code, ErrorCode::kNotFound);
  fill({100, 200, 300});
  EXPECT_EQ(outs(), (std::vector<std::uint64_t>{100, 200, 300}));
  auto file = open(false);
  const auto points = file->read_new();
  const auto bytes = file->window(points[1]);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, window(200));
  EXPECT_EQ(points[1].head, head(200));
}

TEST_F(PointsFileTest, TwoSessionsSeeEachOthersAndWriteNoneTwice) {
  fill({100});
  auto one = open();
  auto other = open();
  ASSERT_EQ(one->read_new().size(), 1U);
  ASSERT_EQ(other->read_new().size(), 1U);
  ASSERT_TRUE(append(*one, 200));
  EXPECT_FALSE(append(*other, 200)) << "it has not read the first yet";
  EXPECT_EQ(other->read_new().size(), 1U);
  EXPECT_FALSE(append(*other, 150)) << "before the last";
  EXPECT_TRUE(append(*other, 300));
  EXPECT_EQ(one->read_new().size(), 2U);
}

TEST_F(PointsFileTest, WhatAKilledProcessLeftHalfWrittenIsCutOff) {
  fill({100, 200, 300});
  const auto whole = std::filesystem::file_size(path_);
  for (const std::uint64_t cut : {1UL, 999UL, 1001UL, 1039UL}) {
    std::filesystem::resize_file(path_, whole - cut);
    EXPECT_EQ(outs(), (std::vector<std::uint64_t>{100, 200}));
    fill({250});
    EXPECT_EQ(outs(), (std::vector<std::uint64_t>{100, 200, 250}));
  }
}

TEST_F(PointsFileTest, AFlippedBitLosesWhatItHitsAndNothingIsWrong) {
  fill({100, 200, 300});
  const auto size = std::filesystem::file_size(path_);
  for (std::uint64_t at = 0; at < size; at += 13) {
    flip(at);
    auto file = open(false);
    ASSERT_TRUE(file);
    for (const StoredPoint& point : file->read_new()) {
      const auto bytes = file->window(point);
      ASSERT_EQ(point.head, head(point.head.out));
      ASSERT_TRUE(!bytes ||
                  *bytes == window(static_cast<unsigned char>(point.head.out)));
    }
    std::filesystem::remove(path_);
    fill({100, 200, 300});
  }
}

TEST_F(PointsFileTest, OneOfAnotherMemberIsBegunAnew) {
  fill({100});
  const PointsHeader other{1'000'000, 900'001};
  {
    auto file = PointsFile::open(path_, other, false);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->read_new().empty());
  }
  EXPECT_TRUE(outs().empty());
}

TEST_F(PointsFileTest, OneInUseIsNotTakenAway) {
  fill({100});
  auto user = open();
  const PointsHeader other{1'000'000, 900'001};
  const auto file = PointsFile::open(path_, other, false);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(user->read_new().size(), 1U);
}

TEST_F(PointsFileTest, NoPlaceBeyondTheMemberIsTaken) {
  auto file = open();
  EXPECT_FALSE(append(*file, 1'000'000));
  EXPECT_FALSE(file->append({10, 80, 8, 0, 0}, {}));
  EXPECT_FALSE(file->append({10, 8, 900'000 * 8, 0, 0}, {}));
}

TEST(PointsCodes, ReadWhatTheyWroteAndNothingElse) {
  const PointsHeader header{7, 8};
  auto bytes = encode_points_header(header);
  ASSERT_EQ(bytes.size(), kPointsHeaderBytes);
  EXPECT_EQ(decode_points_header(bytes), header);
  EXPECT_FALSE(decode_points_header(std::span(bytes).first(31)));
  bytes[3] ^= std::byte{1};
  EXPECT_FALSE(decode_points_header(bytes));
  const PointHead head{1, 2, 3, 4, 5};
  auto record = encode_point_head(head);
  ASSERT_EQ(record.size(), kPointHeadBytes);
  EXPECT_EQ(decode_point_head(record), head);
  record[20] ^= std::byte{8};
  EXPECT_FALSE(decode_point_head(record));
}

}  // namespace
}  // namespace omicsfs
