// SPDX-License-Identifier: MIT
#include "fetch/store_backlog.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace omicsfs {
namespace {

TEST(StoreBacklog, IsFullBeyondItsLimitAndNotAtIt) {
  StoreBacklog backlog(100);
  EXPECT_FALSE(backlog.is_full());
  backlog.add(100);
  EXPECT_FALSE(backlog.is_full());
  backlog.add(1);
  EXPECT_TRUE(backlog.is_full());
  backlog.drop(1);
  EXPECT_FALSE(backlog.is_full());
}

TEST(StoreBacklog, CountsWhatManyThreadsAddAndDrop) {
  StoreBacklog backlog(0);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        backlog.add(300);
        backlog.drop(300);
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(backlog.is_full());
  backlog.add(1);
  EXPECT_TRUE(backlog.is_full());
}

}  // namespace
}  // namespace omicsfs
