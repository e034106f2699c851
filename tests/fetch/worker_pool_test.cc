// SPDX-License-Identifier: MIT
#include "fetch/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

namespace omicsfs {
namespace {

TEST(WorkerPool, RunsAsManyTasksAtATimeAsItHasThreads) {
  std::latch together(4);
  std::atomic<int> done{0};
  {
    WorkerPool pool(4);
    for (int i = 0; i < 4; ++i) {
      pool.add([&](const std::stop_token& /*stop*/) {
        together.arrive_and_wait();  // hangs where one waits for another
        ++done;
      });
    }
    together.wait();
  }
  EXPECT_EQ(done, 4);
}

TEST(WorkerPool, RunsMoreTasksThanItHasThreads) {
  std::atomic<int> done{0};
  {
    WorkerPool pool(2);
    for (int i = 0; i < 1000; ++i) {
      pool.add([&](const std::stop_token& /*stop*/) { ++done; });
    }
  }
  EXPECT_EQ(done, 1000);
}

TEST(WorkerPool, ALaneWhoseTasksWaitLeavesThreadsToTheOthers) {
  constexpr int kWaiting = 100;
  std::latch go(1);
  std::latch other(1);
  std::atomic<int> done{0};
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  {
    WorkerPool pool(4, 2);
    for (int i = 0; i < kWaiting; ++i) {
      pool.add(
          [&](const std::stop_token& /*stop*/) {
            most = std::max(most.load(), ++running);
            go.wait();
            --running;
            ++done;
          },
          "silent");
    }
    pool.add([&](const std::stop_token& /*stop*/) { other.count_down(); },
             "other");
    other.wait();  // hangs where no thread is left for it
    EXPECT_EQ(done, 0);
    EXPECT_LE(most, 2);
    go.count_down();
  }
  EXPECT_EQ(done, kWaiting);
}

TEST(WorkerPool, StopEndsWhatRunsAndLetsTheRestSeeIt) {
  std::latch running(1);
  std::atomic<int> stopped{0};
  WorkerPool pool(1);
  pool.add([&](const std::stop_token& stop) {
    running.count_down();
    while (!stop.stop_requested()) {
      std::this_thread::yield();
    }
    ++stopped;
  });
  running.wait();
  pool.add([&](const std::stop_token& stop) {
    stopped += stop.stop_requested() ? 1 : 0;
  });
  pool.stop();
  EXPECT_EQ(stopped, 2);
  const auto here = std::this_thread::get_id();
  pool.add([&](const std::stop_token& stop) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    stopped += stop.stop_requested() ? 1 : 0;
  });
  EXPECT_EQ(stopped, 3);
}

TEST(WorkerPool, TasksMayAddTasks) {
  std::atomic<int> done{0};
  std::latch last(1);
  WorkerPool pool(1);
  pool.add([&](const std::stop_token& /*stop*/) {
    ++done;
    pool.add([&](const std::stop_token& /*stop*/) {
      ++done;
      last.count_down();
    });
  });
  last.wait();
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace omicsfs
