// SPDX-License-Identifier: MIT
#include "fetch/once_per.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::seconds;

OncePer::Clock::time_point at(int second) {
  return OncePer::Clock::time_point(seconds(second));
}

TEST(OncePer, LetsTheFirstThroughAndThenOneAPeriod) {
  OncePer once(seconds(60));
  EXPECT_TRUE(once.due(at(5)));
  for (int second = 5; second < 65; ++second) {
    EXPECT_FALSE(once.due(at(second))) << second;
  }
  EXPECT_TRUE(once.due(at(65)));
  EXPECT_FALSE(once.due(at(66)));
  EXPECT_TRUE(once.due(at(1000)));
}

TEST(OncePer, LetsOneOfManyThreadsThrough) {
  for (int round = 0; round < 100; ++round) {
    OncePer once(seconds(60));
    std::atomic<int> through{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { through += once.due(at(1)) ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(through, 1);
  }
}

}  // namespace
}  // namespace omicsfs
