// SPDX-License-Identifier: MIT
#include "fetch/host_queue.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace omicsfs {
namespace {

// Items are urgent where the set holds them.
struct IsUrgent {
  const std::set<int>* urgent;
  bool operator()(int item) const { return urgent->contains(item); }
};

class HostQueueTest : public ::testing::Test {
 protected:
  using Queue = HostQueue<int, IsUrgent>;

  static std::optional<int> next(Queue& queue) {
    return queue.next([](const std::string&) { return true; });
  }
  static std::vector<int> all_next(Queue& queue) {
    std::vector<int> items;
    while (const auto item = next(queue)) {
      items.push_back(*item);
    }
    return items;
  }

  std::set<int> urgent_{1, 2, 3, 4, 5};
  IsUrgent is_urgent_{&urgent_};
};

TEST_F(HostQueueTest, LetsInOnlyAsManyAsItsLimit) {
  Queue queue(2, is_urgent_);
  for (const int item : {1, 2, 3}) {
    queue.enter("a", item);
  }
  EXPECT_EQ(all_next(queue), (std::vector<int>{1, 2}));
}

TEST_F(HostQueueTest, HostsDoNotWaitForEachOther) {
  Queue queue(1, is_urgent_);
  queue.enter("a", 1);
  queue.enter("b", 2);
  EXPECT_EQ(all_next(queue), (std::vector<int>{1, 2}));
}

TEST_F(HostQueueTest, WaitingItemsComeInOrderAsOthersLeave) {
  Queue queue(1, is_urgent_);
  for (const int item : {1, 2, 3}) {
    queue.enter("a", item);
  }
  EXPECT_EQ(next(queue), 1);
  EXPECT_EQ(next(queue), std::nullopt);
  queue.leave("a");
  EXPECT_EQ(next(queue), 2);
  queue.leave("a");
  EXPECT_EQ(next(queue), 3);
  queue.leave("a");
  EXPECT_EQ(next(queue), std::nullopt);
  queue.enter("a", 4);
  EXPECT_EQ(next(queue), 4);
}

TEST_F(HostQueueTest, ItemsTakenOutWhileWaitingLeaveTheOthersInOrder) {
  Queue queue(1, is_urgent_);
  for (const int item : {1, 2, 3, 4, 5}) {
    queue.enter("a", item);
  }
  EXPECT_EQ(next(queue), 1);
  EXPECT_EQ(queue.take_if([](int item) { return item % 2 == 0; }),
            (std::vector<int>{2, 4}));
  queue.leave("a");
  EXPECT_EQ(next(queue), 3);
  queue.leave("a");
  EXPECT_EQ(next(queue), 5);
}

TEST_F(HostQueueTest, UrgentItemsGoFirst) {
  Queue queue(1, is_urgent_);
  urgent_ = {3};
  for (const int item : {1, 2, 3}) {
    queue.enter("a", item);
  }
  EXPECT_EQ(next(queue), 3);
  queue.leave("a");
  EXPECT_EQ(next(queue), 1);
}

TEST_F(HostQueueTest, TheLastPlaceIsKeptForUrgentItems) {
  Queue queue(3, is_urgent_);
  urgent_ = {9};
  for (const int item : {1, 2, 3}) {
    queue.enter("a", item);
  }
  EXPECT_EQ(all_next(queue), (std::vector<int>{1, 2}));
  queue.enter("a", 9);
  EXPECT_EQ(next(queue), 9);
}

TEST_F(HostQueueTest, AnItemThatBecomesUrgentTakesTheLastPlace) {
  Queue queue(2, is_urgent_);
  urgent_ = {};
  queue.enter("a", 1);
  queue.enter("a", 2);
  EXPECT_EQ(all_next(queue), std::vector<int>{1});
  urgent_ = {2};
  EXPECT_EQ(next(queue), 2);
}

TEST_F(HostQueueTest, AHostThatIsNotAdmittedWaitsAndHoldsUpNoOther) {
  Queue queue(3, is_urgent_);
  urgent_ = {3};
  for (const int item : {1, 2, 3}) {
    queue.enter("a", item);
  }
  queue.enter("b", 4);
  std::vector<std::string> asked;
  const auto only_b = [&](const std::string& host) {
    asked.push_back(host);
    return host == "b";
  };
  EXPECT_EQ(queue.next(only_b), 4);
  EXPECT_EQ(queue.next(only_b), std::nullopt);
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b", "a"}));
  EXPECT_TRUE(queue.has_waiting());
  EXPECT_EQ(next(queue), 3) << "the urgent one first, as ever";
  EXPECT_EQ(next(queue), 1);
}

TEST_F(HostQueueTest, AHostIsAskedOnlyWhereOneOfItsItemsCouldRun) {
  Queue queue(1, is_urgent_);
  queue.enter("a", 1);
  EXPECT_EQ(next(queue), 1);
  queue.enter("a", 2);
  EXPECT_EQ(queue.next([](const std::string&) {
    ADD_FAILURE();
    return true;
  }),
            std::nullopt);
  EXPECT_TRUE(queue.has_waiting());
}

TEST_F(HostQueueTest, WithOnePlaceWhatIsNotUrgentRunsToo) {
  Queue queue(1, is_urgent_);
  urgent_ = {};
  queue.enter("a", 1);
  EXPECT_EQ(next(queue), 1);
}

}  // namespace
}  // namespace omicsfs
