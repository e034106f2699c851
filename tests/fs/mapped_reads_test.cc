// SPDX-License-Identifier: MIT
#include "fs/mapped_reads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kPage = 4 * kKiB;
constexpr std::uint64_t kSmall = 128 * kKiB;
constexpr std::uint64_t kFile = 100 * kMiB;

// What the kernel asks for around a page: 4 MiB, 1 MiB at a time.
std::vector<ByteRange> around(std::uint64_t page) {
  const std::uint64_t begin = page > 2 * kMiB ? page - 2 * kMiB : 0;
  return {{begin, kMiB},
          {begin + kMiB, kMiB},
          {begin + 2 * kMiB, kMiB},
          {begin + 3 * kMiB, kMiB}};
}

TEST(MappedReads, WhatIsAroundAPageIsRefusedAndThePageIsNot) {
  MappedReads reads(kSmall);
  for (const std::uint64_t page :
       {50 * kMiB, 20 * kMiB + kPage, 90 * kMiB, 10 * kMiB}) {
    for (const ByteRange& part : around(page)) {
      EXPECT_TRUE(reads.refuses(part, false)) << page;
    }
    EXPECT_FALSE(reads.refuses({page, kPage}, false));
    EXPECT_FALSE(reads.refuses({page + kPage, kPage}, false)) << "a row's end";
  }
}

TEST(MappedReads, WhatIsHereOrSmallIsNotRefused) {
  MappedReads reads(kSmall);
  EXPECT_FALSE(reads.refuses({50 * kMiB, kSmall}, false));
  EXPECT_TRUE(reads.refuses({70 * kMiB, kSmall + 1}, false));
  EXPECT_FALSE(reads.refuses({60 * kMiB, kMiB}, true));
  MappedReads pages(kPage);
  EXPECT_TRUE(pages.refuses({50 * kMiB, 2 * kPage}, false));
  EXPECT_FALSE(pages.refuses({60 * kMiB, kPage}, false));
}

TEST(MappedReads, OfTheHeaderDoNotMakeTheFirstRowsDear) {
  MappedReads reads(kSmall);
  EXPECT_FALSE(reads.refuses({0, 32 * kKiB}, false));
  for (const ByteRange& part : around(kMiB)) {
    EXPECT_TRUE(reads.refuses(part, false));
  }
  EXPECT_TRUE(reads.refuses({32 * kKiB, kMiB}, false));
}

TEST(MappedReads, AWindowThatGoesOnIsNotRefusedInAnyOrder) {
  // As the kernel widens it: to four times the last, then to twice.
  MappedReads reads(kSmall);
  std::uint64_t at = 0;
  for (std::uint64_t window :
       {16 * kKiB, 64 * kKiB, 256 * kKiB, kMiB, 2 * kMiB, 4 * kMiB, 4 * kMiB}) {
    std::vector<ByteRange> requests;
    while (window > 0) {
      const std::uint64_t length = std::min(window, kMiB);
      requests.push_back({at, length});
      at += length;
      window -= length;
    }
    std::reverse(requests.begin(), requests.end());
    for (const ByteRange& request : requests) {
      EXPECT_FALSE(reads.refuses(request, false)) << request.offset;
    }
  }
}

TEST(MappedReads, AScanOfAMappingIsRefusedOnce) {
  MappedReads reads(kSmall);
  std::uint64_t refused = 0;
  // The kernel asks around a page that it does not have, for what it has not.
  std::uint64_t known = 20 * kMiB;
  for (std::uint64_t page = known; page < 60 * kMiB; page += kPage) {
    if (page < known) {
      continue;
    }
    bool page_is_there = false;
    for (std::uint64_t begin = page; begin < page + 2 * kMiB; begin += kMiB) {
      const bool refuses = reads.refuses({begin, kMiB}, false);
      refused += refuses ? 1U : 0U;
      page_is_there = page_is_there || (begin == page && !refuses);
    }
    for (std::uint64_t one = page; !page_is_there && one < page + 2 * kMiB;
         one += kPage) {
      EXPECT_FALSE(reads.refuses({one, kPage}, false));
    }
    known = page + 2 * kMiB;
  }
  EXPECT_EQ(refused, 2U);
}

TEST(MappedReads, ASecondTryIsNeverRefused) {
  MappedReads reads(kPage);
  for (std::uint64_t begin = 0; begin < kFile; begin += kMiB) {
    ASSERT_TRUE(reads.refuses({begin, kMiB}, false));
  }
  for (std::uint64_t begin = kFile; begin > 0;) {
    begin -= kMiB;
    // Whatever part of it the kernel holds in one piece.
    EXPECT_FALSE(reads.refuses({begin, kMiB}, false));
    EXPECT_FALSE(reads.refuses({begin + 64 * kKiB, 64 * kKiB}, false));
  }
}

TEST(MappedReads, OfManyPlacesKeepSixteenGoing) {
  MappedReads reads(kSmall);
  for (std::uint64_t place = 0; place < 16; ++place) {
    for (std::uint64_t part = 0; part < 3; ++part) {
      EXPECT_FALSE(
          reads.refuses({place * 6 * kMiB + part * kSmall, kSmall}, false));
    }
  }
  for (std::uint64_t place = 0; place < 16; ++place) {
    EXPECT_FALSE(reads.refuses({place * 6 * kMiB + 3 * kSmall, kMiB}, false));
  }
}

}  // namespace
}  // namespace omicsfs
