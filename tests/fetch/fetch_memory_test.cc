// SPDX-License-Identifier: MIT
#include "fetch/fetch_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

TEST(FetchBudget, WhatIsFetchedAheadStaysWithinTheLimit) {
  FetchBudget budget(200, 100);
  const auto first = budget.try_take(60);
  EXPECT_TRUE(first.granted());
  EXPECT_FALSE(budget.try_take(41).granted());
  EXPECT_TRUE(budget.try_take(40).granted());  // and is given back at once
  EXPECT_EQ(budget.used(), 60U);
}

TEST(FetchBudget, WhatIsAwaitedIsAlwaysAdmittedAndCounts) {
  FetchBudget budget(200, 100);
  {
    const auto demand = budget.take(150);
    EXPECT_TRUE(demand.granted());
    EXPECT_FALSE(budget.try_take(1).granted());
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(FetchBudget, AShareThatIsMovedIsGivenBackOnce) {
  FetchBudget budget(200, 100);
  auto first = budget.take(10);
  {
    const FetchBudget::Share second(std::move(first));
    EXPECT_EQ(budget.used(), 10U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(FetchBudget, ThreadsNeverPassTheLimitTogether) {
  FetchBudget budget(10, 10);
  std::vector<std::thread> threads;
  std::atomic<bool> passed{false};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k) {
        const auto share = budget.try_take(3);
        if (budget.used() > 10) {
          passed = true;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_FALSE(passed);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(BlockBuffers, BlocksAreWholeAndApart) {
  BlockBuffers buffers(2 * kBlockBytes);
  std::vector<BlockBuffers::Block> blocks;
  for (int i = 0; i < 5; ++i) {
    blocks.push_back(buffers.take());
    std::memset(blocks.back().get(), i, kBlockBytes);
  }
  for (int i = 0; i < 5; ++i) {
    const std::byte* const block = blocks[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(block[0], static_cast<std::byte>(i));
    EXPECT_EQ(block[kBlockBytes - 1], static_cast<std::byte>(i));
  }
}

TEST(BlockBuffers, ABlockGivenBackIsTakenAgain) {
  BlockBuffers buffers(kBlockBytes);
  auto block = buffers.take();
  const std::byte* const place = block.get();
  block.reset();
  EXPECT_EQ(buffers.take().get(), place);
}

bool is_mapped(const std::byte* block) {
  std::array<unsigned char, kBlockBytes / 4096> pages{};
  return ::mincore(const_cast<std::byte*>(block), kBlockBytes, pages.data()) ==
         0;
}

TEST(BlockBuffers, WhatNobodyNeededSinceTheLastTrimGoesBackToTheSystem) {
  BlockBuffers buffers(3 * kBlockBytes);
  std::vector<BlockBuffers::Block> blocks;
  std::vector<const std::byte*> places;
  for (int i = 0; i < 3; ++i) {
    blocks.push_back(buffers.take());
    places.push_back(blocks.back().get());
  }
  const auto mapped = [&places] {
    return std::count_if(places.begin(), places.end(), is_mapped);
  };
  blocks.clear();
  buffers.trim();  // all of them were needed
  EXPECT_EQ(mapped(), 3);
  buffers.take().reset();
  buffers.trim();
  EXPECT_EQ(mapped(), 1);
  buffers.trim();
  EXPECT_EQ(mapped(), 0);
}

}  // namespace
}  // namespace omicsfs
