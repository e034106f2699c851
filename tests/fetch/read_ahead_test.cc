// SPDX-License-Identifier: MIT
#include "fetch/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kSize = 1024 * kMebibyte;
constexpr AheadLimits kLimits{16, 256};
constexpr auto kWait = ReadAhead::Met::kWait;
constexpr auto kPresent = ReadAhead::Met::kPresent;

std::uint64_t blocks_in(const std::vector<BlockRun>& runs) {
  std::uint64_t count = 0;
  for (const BlockRun& run : runs) {
    count += run.count;
  }
  return count;
}

// What a reader of `reads` has fetched ahead for it.
class Reader {
 public:
  explicit Reader(std::uint64_t size = kSize) : ahead_(size) {}

  std::vector<BlockRun> read(ByteRange range, ReadAhead::Met met = kWait) {
    const auto runs = ahead_.observe(range, met, kLimits);
    for (const BlockRun& run : runs) {
      EXPECT_GE(run.count, 1U);
      EXPECT_LE(run.count, kLimits.request);
      for (BlockIndex b = run.first; b < run.end(); ++b) {
        fetched_.insert(b);
      }
    }
    return runs;
  }
  [[nodiscard]] bool has(ByteRange range) const {
    const BlockRun run = blocks_of(range);
    for (BlockIndex b = run.first; b < run.end(); ++b) {
      if (!fetched_.contains(b)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] std::size_t fetched() const { return fetched_.size(); }
  ReadAhead& ahead() { return ahead_; }

 private:
  ReadAhead ahead_;
  std::set<BlockIndex> fetched_;
};

TEST(ReadAhead, TwoReadsInARowFetchNothingAhead) {
  Reader reader;
  EXPECT_TRUE(reader.read({0, kMebibyte}).empty());
  EXPECT_TRUE(reader.read({kMebibyte, kMebibyte}).empty());
}

TEST(ReadAhead, TheThirdReadInARowFetchesAsMuchAsWasRead) {
  Reader reader;
  reader.read({0, kMebibyte});
  reader.read({kMebibyte, kMebibyte});
  const auto runs = reader.read({2 * kMebibyte, kMebibyte});
  EXPECT_EQ(blocks_in(runs), 3 * kMebibyte / kBlockBytes);
  EXPECT_EQ(runs.front().first, 3 * kMebibyte / kBlockBytes);
}

TEST(ReadAhead, TheWindowDoublesWhileTheReaderWaitsUpToItsLimit) {
  Reader reader;
  std::uint64_t at = 0;
  std::uint64_t last_end = 0;
  for (int i = 0; i < 20; ++i, at += kMebibyte) {
    const auto runs = reader.read({at, kMebibyte});
    last_end = runs.empty() ? last_end : runs.back().end();
  }
  const BlockIndex here = at / kBlockBytes;
  EXPECT_GT(last_end, here + kLimits.window - kLimits.request);
  EXPECT_LE(last_end, here + kLimits.window);
}

TEST(ReadAhead, TheWindowStaysWhileTheReaderDoesNotWait) {
  Reader reader;
  for (std::uint64_t i = 0; i < 3; ++i) {
    reader.read({i * kMebibyte, kMebibyte});
  }
  const std::uint64_t window = 3 * kMebibyte / kBlockBytes;
  for (std::uint64_t i = 3; i < 30; ++i) {
    const auto runs = reader.read({i * kMebibyte, kMebibyte}, kPresent);
    ASSERT_LE(blocks_in(runs), window);
    if (!runs.empty()) {
      ASSERT_LE(runs.back().end(), (i + 1) * kMebibyte / kBlockBytes + window);
    }
  }
}

TEST(ReadAhead, EachBlockOfALongReadIsFetchedAheadOnceAndBeforeItIsRead) {
  Reader reader;
  std::uint64_t blocks = 0;
  for (std::uint64_t at = 0; at < kSize; at += 128 * 1024) {
    if (at > 2 * kMebibyte) {
      ASSERT_TRUE(reader.has({at, 128 * 1024})) << at;
    }
    blocks += blocks_in(reader.read({at, 128 * 1024}));
  }
  EXPECT_EQ(blocks, reader.fetched());
}

TEST(ReadAhead, NothingBeyondTheEndIsFetched) {
  constexpr std::uint64_t kOdd = 10 * kMebibyte + 17;
  Reader reader(kOdd);
  for (std::uint64_t at = 0; at < kOdd; at += kMebibyte) {
    for (const BlockRun& run : reader.read(clip({at, kMebibyte}, kOdd))) {
      ASSERT_LE(run.end(), block_count(kOdd));
    }
  }
  EXPECT_TRUE(reader.has({5 * kMebibyte, kOdd - 5 * kMebibyte}));
}

// The kernel's own read-ahead comes by several threads.
TEST(ReadAhead, ReadsOutOfOrderAreOneStream) {
  Reader reader;
  std::mt19937 order(7);
  std::vector<std::uint64_t> group(4);
  for (std::uint64_t base = 0; base < 200 * kMebibyte; base += 4 * kMebibyte) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      group[i] = base + i * kMebibyte;
    }
    std::shuffle(group.begin(), group.end(), order);
    for (const std::uint64_t at : group) {
      if (base >= 32 * kMebibyte) {
        ASSERT_TRUE(reader.has({at, kMebibyte})) << at;
      }
      reader.read({at, kMebibyte});
    }
  }
}

TEST(ReadAhead, AReaderThatSkipsALittleGoesOn) {
  Reader reader;
  std::uint64_t at = 0;
  for (int i = 0; i < 100; ++i) {
    if (i > 20) {
      ASSERT_TRUE(reader.has({at, 64 * 1024})) << i;
    }
    reader.read({at, 64 * 1024});
    at += 64 * 1024 + (i > 10 ? 100 * 1024 : 0);
  }
}

TEST(ReadAhead, BackwardReadsAreFollowed) {
  Reader reader;
  for (std::uint64_t i = 1; i <= 64; ++i) {
    const ByteRange range{kSize - i * kMebibyte, kMebibyte};
    if (i > 8) {
      ASSERT_TRUE(reader.has(range)) << i;
    }
    reader.read(range);
  }
  EXPECT_FALSE(reader.has({0, 1}));
}

TEST(ReadAhead, BackwardReadsEndAtTheStart) {
  Reader reader(10 * kMebibyte);
  for (std::uint64_t i = 10; i > 0; --i) {
    reader.read({(i - 1) * kMebibyte, kMebibyte});
  }
  EXPECT_TRUE(reader.has({0, 5 * kMebibyte}));
}

void step_through(std::int64_t step) {
  Reader reader;
  std::uint64_t at = step > 0 ? 7 * kPage : kSize - 8 * kMebibyte;
  for (int i = 0; i < 40; ++i) {
    const ByteRange range{at, 2 * kPage};
    if (i > 4) {
      ASSERT_TRUE(reader.has(range)) << i;
    }
    reader.read(range);
    at += static_cast<std::uint64_t>(step);
  }
  EXPECT_LE(reader.fetched(), 40U * 2 + 64);
}

TEST(ReadAhead, StepsOfOneLengthAreFollowedForwardAndBackward) {
  step_through(5 * static_cast<std::int64_t>(kMebibyte) + 4096);
  step_through(-(3 * static_cast<std::int64_t>(kMebibyte) + 8192));
}

TEST(ReadAhead, StepsEndWithTheFile) {
  Reader reader(100 * kMebibyte);
  for (std::uint64_t at = 0; at < 100 * kMebibyte; at += 10 * kMebibyte) {
    for (const BlockRun& run : reader.read({at, kPage})) {
      ASSERT_LE(run.end(), block_count(100 * kMebibyte));
    }
  }
}

TEST(ReadAhead, SixteenInterleavedStreamsAreFollowed) {
  Reader reader;
  for (std::uint64_t i = 0; i < 40; ++i) {
    for (std::uint64_t stream = 0; stream < 16; ++stream) {
      // Not in even steps: those would be a stream themselves.
      const std::uint64_t base = (stream * stream * 3 + stream) * kMebibyte;
      const ByteRange range{base + i * 64 * 1024, 64 * 1024};
      if (i > 4) {
        ASSERT_TRUE(reader.has(range)) << i << " " << stream;
      }
      reader.read(range);
    }
  }
}

// A whole block is fetched for a page as it is; more would double that.
TEST(ReadAhead, RandomReadsFetchNextToNothingAhead) {
  Reader reader(256 * kMebibyte);
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    reader.read({random() % (256 * kMebibyte / kPage) * kPage, kPage});
  }
  EXPECT_LT(reader.fetched(), 100U);
}

// One read(2) of more than the kernel's largest request comes in two.
TEST(ReadAhead, LargeRandomReadsFetchNothingAhead) {
  Reader reader;
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t at = random() % (kSize / kPage - 257) * kPage;
    reader.read({at, kMebibyte});
    reader.read({at + kMebibyte, kPage});
  }
  EXPECT_LT(reader.fetched(), 200U);
}

TEST(ReadAhead, AStreamLeftLongAgoMustProveItselfAnew) {
  Reader reader;
  for (std::uint64_t i = 0; i < 20; ++i) {
    reader.read({i * kMebibyte, kMebibyte});
  }
  std::mt19937_64 random(5);
  for (int i = 0; i < 100; ++i) {
    reader.read({(500 + random() % 500) * kMebibyte, kPage});
  }
  const std::size_t before = reader.fetched();
  reader.read({20 * kMebibyte, kMebibyte});
  EXPECT_EQ(reader.fetched(), before);
}

TEST(ReadAhead, WhatWasRefusedIsAskedForAgainInSmallerPieces) {
  Reader reader;
  for (std::uint64_t i = 0; i < 10; ++i) {
    reader.read({i * kMebibyte, kMebibyte});
  }
  const auto runs = reader.read({10 * kMebibyte, kMebibyte});
  ASSERT_FALSE(runs.empty());
  reader.ahead().refused(runs.front());
  std::vector<BlockRun> again;
  for (std::uint64_t at = 11 * kMebibyte; again.empty() && at < kSize;
       at += kMebibyte) {
    again = reader.read({at, kMebibyte}, kPresent);
  }
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again.front().first, runs.front().first);
  EXPECT_LE(blocks_in(again), kLimits.window / 2);
}

TEST(ReadAhead, AfterAResetEveryStreamIsNew) {
  Reader reader;
  for (std::uint64_t i = 0; i < 10; ++i) {
    reader.read({i * kMebibyte, kMebibyte});
  }
  reader.ahead().reset();
  EXPECT_TRUE(reader.read({10 * kMebibyte, kMebibyte}).empty());
}

TEST(ReadAhead, LimitsFollowWhatComesInARoundTrip) {
  using std::chrono::microseconds;
  // A local network: the least request.
  EXPECT_EQ(ahead_limits({microseconds(200), 400'000'000}, 16),
            (AheadLimits{16, 256}));
  // 30 ms at 40 MB/s: 1.2 MB in a round trip, four times that a request.
  EXPECT_EQ(ahead_limits({microseconds(30'000), 40'000'000}, 16),
            (AheadLimits{73, 1168}));
  // Never more than 8 MiB, and at least eight requests.
  EXPECT_EQ(ahead_limits({microseconds(200'000), 1'000'000'000}, 4),
            (AheadLimits{128, 1024}));
}

}  // namespace
}  // namespace omicsfs
