// SPDX-License-Identifier: MIT
#include "fetch/fetch_memory.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace omicsfs
