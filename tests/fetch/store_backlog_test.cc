// SPDX-License-Identifier: MIT
#include "fetch/store_backlog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::steady_clock;

ReadLimits for_a_minute() {
  return {steady_clock::now() + std::chrono::minutes(1), {}};
}

// A reader that waits on a thread of its own.
class WaitingReader {
 public:
  WaitingReader(StoreBacklog& backlog, ReadLimits limits)
      : thread_([this, &backlog, limits] {
          backlog.wait(limits);
          done_ = true;
        }) {}
  [[nodiscard]] bool waits() const {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return !done_;
  }
  void join() { thread_.join(); }

 private:
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

TEST(StoreBacklog, UpToItsLimitNobodyWaits) {
  StoreBacklog backlog(100);
  backlog.add(100);
  backlog.wait({steady_clock::time_point::max(), {}});
  EXPECT_FALSE(backlog.is_full());
  backlog.add(1);
  EXPECT_TRUE(backlog.is_full());
  EXPECT_FALSE(backlog.is_given_up());
  backlog.drop(1);
  EXPECT_FALSE(backlog.is_full());
}

TEST(StoreBacklog, AReaderWaitsForTheDiskThatGoesOn) {
  StoreBacklog backlog(50);
  backlog.add(90);
  WaitingReader reader(backlog, for_a_minute());
  EXPECT_TRUE(reader.waits());
  backlog.drop(10);
  EXPECT_TRUE(reader.waits());
  backlog.drop(30);
  reader.join();
}

TEST(StoreBacklog, ADiskThatIsStuckHoldsUpOneReaderOnceAndNobodyAfterIt) {
  StoreBacklog backlog(50);
  backlog.add(90);
  const auto start = steady_clock::now();
  backlog.wait(for_a_minute());
  EXPECT_GE(steady_clock::now() - start, StoreBacklog::kPatience);
  EXPECT_TRUE(backlog.is_given_up());
  // These would wait for ever.
  for (int i = 0; i < 1000; ++i) {
    backlog.wait({steady_clock::time_point::max(), {}});
  }
  backlog.drop(1);  // it goes on, and is waited for again
  EXPECT_FALSE(backlog.is_given_up());
  WaitingReader reader(backlog, for_a_minute());
  EXPECT_TRUE(reader.waits());
  backlog.drop(89);
  reader.join();
}

TEST(StoreBacklog, AReadersOwnLimitsEndItsWait) {
  StoreBacklog backlog(50);
  backlog.add(90);
  backlog.wait({steady_clock::now() + std::chrono::milliseconds(5), {}});
  std::stop_source stop;
  WaitingReader reader(backlog,
                       {steady_clock::time_point::max(), stop.get_token()});
  stop.request_stop();
  reader.join();
  // Neither says that the disk is stuck.
  WaitingReader other(backlog, for_a_minute());
  EXPECT_TRUE(other.waits());
  backlog.drop(90);
  other.join();
}

TEST(StoreBacklog, ManyReadersAndADiskComeToAnEnd) {
  StoreBacklog backlog(1000);
  std::jthread disk([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      backlog.add(0);
      backlog.drop(0);
    }
  });
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        backlog.wait(for_a_minute());
        backlog.add(300);
        backlog.drop(300);
      }
    });
  }
  readers.clear();
  EXPECT_FALSE(backlog.is_full());
}

}  // namespace
}  // namespace omicsfs
