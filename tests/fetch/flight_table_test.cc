// SPDX-License-Identifier: MIT
#include "fetch/flight_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kFileBlocks = 32;

class FlightTableTest : public ::testing::Test {
 protected:
  FlightTable::Make maker() {
    return [this](BlockRun run) {
      return std::make_shared<Flight>(
          run, bytes_of(run, kFileBlocks * kBlockBytes), buffers_,
          budget_.take(run.count * kBlockBytes));
    };
  }
  std::vector<FlightTable::Part> join(BlockRun wanted) {
    return table_.join(
        wanted, {8, 0}, [this](BlockIndex b) { return present_.contains(b); },
        maker());
  }
  std::vector<std::shared_ptr<Flight>> ahead(BlockRun wanted) {
    return table_.fetch_ahead(
        wanted, {8, 0}, [this](BlockIndex b) { return present_.contains(b); },
        maker());
  }
  static void arrive(Flight& flight) {
    const std::string bytes(flight.bytes().length, 'x');
    ASSERT_TRUE(flight.on_bytes(std::as_bytes(std::span(bytes))));
    flight.on_done({});
  }

  FetchBudget budget_{UINT64_MAX, UINT64_MAX};
  BlockBuffers buffers_{0};
  std::set<BlockIndex> present_;
  FlightTable table_;
};

TEST_F(FlightTableTest, AReadIsPresentBlocksFlightsUnderWayAndNewOnes) {
  present_ = {0, 1};
  const auto first = join({4, 2});
  const auto parts = join({0, 8});
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0].run, (BlockRun{0, 2}));
  EXPECT_EQ(parts[0].flight, nullptr);
  EXPECT_EQ(parts[1].run, (BlockRun{2, 2}));
  EXPECT_TRUE(parts[1].is_new);
  EXPECT_EQ(parts[2].flight, first[0].flight);
  EXPECT_FALSE(parts[2].is_new);
  EXPECT_EQ(parts[3].run, (BlockRun{6, 2}));
}

TEST_F(FlightTableTest, TheLastToLeaveCancels) {
  const auto one = join({0, 4});
  const auto two = join({2, 4});
  table_.leave(one[0].flight);
  EXPECT_TRUE(one[0].flight->wanted());
  table_.leave(two[0].flight);
  EXPECT_FALSE(one[0].flight->wanted());
  EXPECT_TRUE(join({0, 4})[0].is_new);
}

TEST_F(FlightTableTest, WhatIsHereWholeStaysUntilItIsFinished) {
  const auto one = join({0, 4});
  arrive(*one[0].flight);
  table_.leave(one[0].flight);
  EXPECT_EQ(join({0, 4})[0].flight, one[0].flight);
  table_.finish(*one[0].flight);
  EXPECT_TRUE(join({0, 4})[0].is_new);
}

TEST_F(FlightTableTest, WhatIsFetchedAheadLeavesOutWhatIsHereOrUnderWay) {
  present_ = {1};
  const auto demand = join({4, 2});
  const auto flights = ahead({0, 8});
  ASSERT_EQ(flights.size(), 3U);
  EXPECT_EQ(flights[0]->run(), (BlockRun{0, 1}));
  EXPECT_EQ(flights[1]->run(), (BlockRun{2, 2}));
  EXPECT_EQ(flights[2]->run(), (BlockRun{6, 2}));
}

TEST_F(FlightTableTest, WhatIsFetchedAheadIsUrgentWhileSomebodyWaits) {
  const auto flight = ahead({0, 8})[0];
  EXPECT_FALSE(flight->urgent());
  const auto parts = join({3, 1});
  ASSERT_EQ(parts[0].flight, flight);
  EXPECT_TRUE(flight->urgent());
  table_.leave(flight);
  EXPECT_FALSE(flight->urgent());
  EXPECT_TRUE(flight->wanted());
}

TEST_F(FlightTableTest, CancellingWhatIsAheadSparesWhatIsAwaited) {
  const auto idle = ahead({0, 8})[0];
  const auto awaited = ahead({8, 8})[0];
  const auto parts = join({8, 1});
  table_.cancel_ahead();
  EXPECT_FALSE(idle->wanted());
  EXPECT_TRUE(awaited->wanted());
  EXPECT_TRUE(join({0, 1})[0].is_new);
  table_.leave(awaited);
  EXPECT_FALSE(awaited->wanted());
}

TEST_F(FlightTableTest, ARefusalEndsTheFetchingAhead) {
  int made = 0;
  const auto flights = table_.fetch_ahead(
      {0, 24}, {8, 0}, [](BlockIndex) { return false; },
      [&](BlockRun run) {
        return ++made > 2 ? std::shared_ptr<Flight>() : maker()(run);
      });
  EXPECT_EQ(flights.size(), 2U);
  EXPECT_TRUE(join({16, 8})[0].is_new);
}

// Whether it was woken.
class Woken final : public Waker {
 public:
  void wake() override { ++times; }
  int times = 0;
};

TEST_F(FlightTableTest, AReaderIsWokenByItsBlockThoughNoByteFollowsIt) {
  const auto flight = join({0, 8})[0].flight;
  const auto first = std::make_shared<Woken>();
  const auto third = std::make_shared<Woken>();
  EXPECT_FALSE(flight->poll(0, first).outcome);
  EXPECT_FALSE(flight->poll(2, third).outcome);
  EXPECT_FALSE(flight->poll(2, third).outcome) << "it may ask again";
  const std::string block(kBlockBytes, 'x');
  ASSERT_TRUE(flight->on_bytes(std::as_bytes(std::span(block))));
  EXPECT_EQ(first->times, 1);
  EXPECT_EQ(third->times, 0);
  const auto answer = flight->poll(0, first);
  ASSERT_TRUE(answer.outcome);
  EXPECT_TRUE(*answer.outcome);
  ASSERT_TRUE(flight->on_bytes(std::as_bytes(std::span(block))));
  EXPECT_EQ(third->times, 0);
  ASSERT_TRUE(flight->on_bytes(std::as_bytes(std::span(block))));
  EXPECT_EQ(third->times, 1);
}

TEST_F(FlightTableTest, AReaderOfTwoBlocksIsWokenByTheFirst) {
  const auto flight = join({0, 8})[0].flight;
  const auto waker = std::make_shared<Woken>();
  EXPECT_FALSE(flight->poll(0, waker).outcome);
  EXPECT_FALSE(flight->poll(5, waker).outcome);
  const std::string block(kBlockBytes, 'x');
  ASSERT_TRUE(flight->on_bytes(std::as_bytes(std::span(block))));
  EXPECT_EQ(waker->times, 1);
}

// A flight that failed has left the table, and another takes its place.
TEST_F(FlightTableTest, TheEndOfAFlightLeavesTheOneInItsPlaceAlone) {
  const auto failed = join({0, 4})[0].flight;
  table_.finish(*failed);
  const auto next = join({0, 4})[0].flight;
  ASSERT_NE(next, failed);
  table_.finish(*failed);
  EXPECT_EQ(join({0, 4})[0].flight, next);
}

TEST_F(FlightTableTest, AllWhoWaitAreWokenByTheEndAndToldWhy) {
  const auto flight = join({0, 8})[0].flight;
  const auto waker = std::make_shared<Woken>();
  EXPECT_FALSE(flight->poll(7, waker).outcome);
  flight->on_done(Error{ErrorCode::kUnavailable, "gone"});
  EXPECT_EQ(waker->times, 1);
  const auto answer = flight->poll(7, waker);
  ASSERT_TRUE(answer.outcome && !*answer.outcome);
  EXPECT_EQ(answer.outcome->error().message, "gone");
}

TEST_F(FlightTableTest, AThrowWhileARunIsEnteredLeavesTheTableAsItWas) {
  const auto before = join({8, 4})[0].flight;
  const FlightTable::Make make = maker();
  const auto absent = [](BlockIndex) { return false; };
  int left = 1;
  const auto throws = [&](BlockRun run) {
    if (left-- == 0) {
      throw std::bad_alloc();
    }
    return make(run);
  };
  EXPECT_THROW(table_.join({0, 20}, {8, 0}, absent, throws), std::bad_alloc);
  EXPECT_EQ(table_.all(), std::vector{before});
  left = 1;
  EXPECT_THROW(table_.fetch_ahead({0, 20}, {8, 0}, absent, throws),
               std::bad_alloc);
  EXPECT_EQ(table_.all(), std::vector{before});
  // Nobody of those counts as one who waits.
  table_.leave(before);
  EXPECT_FALSE(before->wanted());
}

TEST_F(FlightTableTest, MemoryIsTakenAsBytesArriveAndGivenBackAtTheEnd) {
  {
    const auto parts = join({0, 8});
    EXPECT_EQ(budget_.used(), 8 * kBlockBytes);
    table_.finish(*parts[0].flight);
  }
  EXPECT_EQ(budget_.used(), 0U);
}

}  // namespace
}  // namespace omicsfs
