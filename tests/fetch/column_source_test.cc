// SPDX-License-Identifier: MIT
#include "fetch/column_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace omicsfs {
namespace {

// An array in memory, and which of its blocks were read.
class ArrayBytes final : public ByteSource {
 public:
  explicit ArrayBytes(std::uint64_t size) : bytes_(size, '\0') {
    for (std::size_t at = 0; at < bytes_.size(); ++at) {
      bytes_[at] = static_cast<char>(at * 131 + (at >> 8U) * 17);
    }
  }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& /*limits*/) override {
    if (fails || offset + out.size() > bytes_.size()) {
      return Error{ErrorCode::kUnavailable, "no network"};
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    largest = std::max<std::uint64_t>(largest, out.size());
    const BlockRun run = blocks_of({offset, out.size()});
    for (BlockIndex block = run.first; block < run.end(); ++block) {
      blocks.insert(block);
    }
    return {};
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  std::set<BlockIndex> blocks;
  std::uint64_t largest = 0;  // of the reads, in bytes
  bool fails = false;

 private:
  std::string bytes_;
};

// Columns of `rows` rows of an array, and what they must be.
struct Columns {
  Columns(const ColumnPlace& given, std::uint64_t rows)
      : place(given),
        array(std::make_shared<ArrayBytes>(place.rows_offset +
                                           rows * place.row_bytes)) {
    RemoteFile file;
    file.size = place.header.size() + rows * place.width;
    file.columns = place;
    source = std::make_unique<ColumnSource>(file, array);
    bytes = place.header;
    for (std::uint64_t row = 0; row < rows; ++row) {
      bytes += array->bytes().substr(
          place.rows_offset + row * place.row_bytes + place.offset,
          place.width);
    }
  }
  // The blocks of the array that hold the bytes of `range`.
  [[nodiscard]] std::set<BlockIndex> needed(ByteRange range) const {
    std::set<BlockIndex> blocks;
    const std::uint64_t header = place.header.size();
    for (std::uint64_t at = std::max(range.offset, header); at < range.end();) {
      const std::uint64_t row = (at - header) / place.width;
      const std::uint64_t within = (at - header) % place.width;
      const std::uint64_t count =
          std::min(place.width - within, range.end() - at);
      const BlockRun run = blocks_of(
          {place.rows_offset + row * place.row_bytes + place.offset + within,
           count});
      for (BlockIndex block = run.first; block < run.end(); ++block) {
        blocks.insert(block);
      }
      at += count;
    }
    return blocks;
  }
  Result<std::string> read(ByteRange range) {
    std::string got(range.length, '?');
    array->blocks.clear();
    const auto read = source->read_at(
        range.offset, std::as_writable_bytes(std::span(got)),
        {std::chrono::steady_clock::now() + std::chrono::hours(1), {}});
    return read ? Result<std::string>(std::move(got)) : read.error();
  }

  ColumnPlace place;
  std::shared_ptr<ArrayBytes> array;
  std::unique_ptr<ColumnSource> source;
  std::string bytes;
};

void expect_every_range(Columns& columns) {
  const std::uint64_t size = columns.bytes.size();
  EXPECT_EQ(columns.source->size(), size);
  for (std::uint64_t begin = 0; begin <= size; ++begin) {
    for (std::uint64_t end = begin; end <= size; ++end) {
      const auto got = columns.read({begin, end - begin});
      ASSERT_TRUE(got) << got.error().message;
      ASSERT_EQ(*got, columns.bytes.substr(begin, end - begin))
          << begin << " to " << end;
    }
  }
}

TEST(ColumnSource, HasTheSameStretchOfEachRow) {
  for (std::uint64_t row_bytes = 1; row_bytes <= 5; ++row_bytes) {
    for (std::uint64_t offset = 0; offset < row_bytes; ++offset) {
      for (std::uint64_t width = 1; offset + width <= row_bytes; ++width) {
        for (const std::uint64_t rows : {0U, 1U, 2U, 5U}) {
          Columns columns({nullptr, 3, row_bytes, offset, width, "head"}, rows);
          expect_every_range(columns);
        }
      }
    }
  }
}

TEST(ColumnSource, ReadsTheBlocksThatItsBytesAreIn) {
  constexpr std::uint64_t kKiB = 1024;
  for (const auto& [row_bytes, offset, width] :
       {std::array<std::uint64_t, 3>{848, 512, 64},
        std::array<std::uint64_t, 3>{100 * kKiB, 30 * kKiB, 8},
        std::array<std::uint64_t, 3>{65536 + 8, 4, 8},
        std::array<std::uint64_t, 3>{65536 + 7, 4, 8},
        std::array<std::uint64_t, 3>{300 * kKiB, 0, 300 * kKiB},
        std::array<std::uint64_t, 3>{200 * kKiB, 10, 180 * kKiB},
        std::array<std::uint64_t, 3>{2500 * kKiB, 2000 * kKiB, 300 * kKiB}}) {
    const std::uint64_t rows = 12'000 * kKiB / row_bytes;
    Columns columns({nullptr, 187, row_bytes, offset, width, "header"}, rows);
    const std::uint64_t size = columns.bytes.size();
    for (const std::uint64_t length :
         {std::uint64_t{1}, std::uint64_t{9}, 4 * kKiB, 128 * kKiB, size}) {
      for (std::uint64_t begin = 0; begin < size; begin += size / 5 + 1) {
        const ByteRange range = clip({begin, length}, size);
        const auto got = columns.read(range);
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_TRUE(*got == columns.bytes.substr(begin, length));
        EXPECT_EQ(columns.array->blocks, columns.needed(range))
            << row_bytes << " " << width << ": " << range.offset << "+"
            << range.length;
      }
    }
    EXPECT_LE(columns.array->largest, std::max(width, 1024 * kKiB));
  }
}

TEST(ColumnsPresent, AreThoseWhoseBlocksAreHere) {
  const Columns columns({nullptr, 187, 3000, 100, 40, "header"}, 500);
  const std::uint64_t size = columns.bytes.size();
  for (std::uint64_t begin = 0; begin < size; begin += 777) {
    for (const std::uint64_t length : {1U, 6U, 41U, 900U, 4096U}) {
      const ByteRange range = clip({begin, length}, size);
      const std::set<BlockIndex> needed = columns.needed(range);
      // All are here, and then all but one of each.
      for (BlockIndex lost = 0; lost <= 500 * 3000 / kBlockBytes + 1; ++lost) {
        const bool all =
            columns_present(columns.place, range, [lost](ByteRange part) {
              const BlockRun run = blocks_of(part);
              return lost < run.first || lost >= run.end();
            });
        EXPECT_EQ(all, !needed.contains(lost)) << begin << " " << lost;
      }
    }
  }
}

TEST(ColumnSource, FailsAsTheArrayDoes) {
  Columns columns({nullptr, 10, 8, 2, 3, "header"}, 4);
  columns.array->fails = true;
  EXPECT_EQ(*columns.read({0, 6}), "header") << "the header is not the array's";
  const auto got = columns.read({5, 2});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kUnavailable);
}

TEST(NextGather, ReadsARowAtATimeWhereMoreIsTooMuch) {
  const ColumnPlace place{nullptr, 100, 50, 10, 5, ""};
  EXPECT_EQ(next_gather(place, {7, 20}, 1000),
            (GatherStep{{162, 4 * 50 + 2 - 2}, 2, 20}));
  EXPECT_EQ(next_gather(place, {7, 20}, 100), (GatherStep{{162, 53}, 2, 8}));
  EXPECT_EQ(next_gather(place, {7, 20}, 49), (GatherStep{{162, 3}, 0, 3}));
  EXPECT_EQ(next_gather(place, {7, 2}, 1000), (GatherStep{{162, 2}, 0, 2}));
}

}  // namespace
}  // namespace omicsfs
