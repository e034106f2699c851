// SPDX-License-Identifier: MIT
#include "fetch/host_queue.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(HostQueue, LetsInOnlyAsManyAsItsLimit) {
  HostQueue<int> queue(2);
  EXPECT_EQ(queue.enter("a", 1), 1);
  EXPECT_EQ(queue.enter("a", 2), 2);
  EXPECT_EQ(queue.enter("a", 3), std::nullopt);
}

TEST(HostQueue, HostsDoNotWaitForEachOther) {
  HostQueue<int> queue(1);
  EXPECT_EQ(queue.enter("a", 1), 1);
  EXPECT_EQ(queue.enter("b", 2), 2);
}

TEST(HostQueue, WaitingItemsComeInOrderAsOthersLeave) {
  HostQueue<int> queue(1);
  EXPECT_EQ(queue.enter("a", 1), 1);
  EXPECT_EQ(queue.enter("a", 2), std::nullopt);
  EXPECT_EQ(queue.enter("a", 3), std::nullopt);
  EXPECT_EQ(queue.leave("a"), 2);
  EXPECT_EQ(queue.leave("a"), 3);
  EXPECT_EQ(queue.leave("a"), std::nullopt);
  EXPECT_EQ(queue.enter("a", 4), 4);
}

TEST(HostQueue, ItemsTakenOutWhileWaitingLeaveTheOthersInOrder) {
  HostQueue<int> queue(1);
  EXPECT_EQ(queue.enter("a", 1), 1);
  for (const int item : {2, 3, 4, 5}) {
    EXPECT_EQ(queue.enter("a", item), std::nullopt);
  }
  EXPECT_EQ(queue.take_if([](int item) { return item % 2 == 0; }),
            (std::vector<int>{2, 4}));
  EXPECT_EQ(queue.leave("a"), 3);
  EXPECT_EQ(queue.leave("a"), 5);
  EXPECT_EQ(queue.leave("a"), std::nullopt);
}

}  // namespace
}  // namespace omicsfs
