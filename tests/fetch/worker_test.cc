// SPDX-License-Identifier: MIT
#include "fetch/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace omicsfs {
namespace {

// The clock moves with each look at it, and a task always waits.
TEST(Worker, RegularWorkIsDoneWhileTasksKeepComing) {
  constexpr int kEnough = 1000;
  std::atomic<int> regular{0};
  std::atomic<int> tasks{0};
  std::chrono::steady_clock::time_point now;
  Worker worker({Worker::AtEnd::kFinish, Worker::Weight::kFull,
                 std::chrono::hours(24), [&regular] { ++regular; },
                 [&now] { return now += std::chrono::hours(1); }});
  std::function<void()> add_task = [&] {
    worker.add([&](const std::stop_token& /*stop*/) {
      if (++tasks < kEnough) {
        add_task();
      }
    });
  };
  add_task();
  worker.wait_until_idle();
  EXPECT_EQ(tasks, kEnough);
  EXPECT_GE(regular, kEnough / 24 - 1);
}

TEST(Worker, AfterItsEndNothingRunsAndWhatWaitsIsDropped) {
  std::atomic<int> ran{0};
  std::atomic<bool> is_running{false};
  Worker worker({Worker::AtEnd::kDrop});
  worker.add([&](const std::stop_token& stop) {
    is_running = true;
    is_running.notify_all();
    while (!stop.stop_requested()) {
      std::this_thread::yield();
    }
    ++ran;
  });
  is_running.wait(false);
  const auto held = std::make_shared<int>(0);
  const auto next = [&ran, held](const std::stop_token& /*stop*/) { ++ran; };
  worker.add(next);
  worker.end();
  EXPECT_EQ(ran, 1);
  worker.add(next);
  worker.wait_until_idle();
  worker.end();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(held.use_count(), 2) << "the test's own, and that of `next`";
}

TEST(Worker, WithoutAPeriodTheRegularWorkIsDoneAtTheEndAlone) {
  std::atomic<int> regular{0};
  {
    Worker worker({Worker::AtEnd::kFinish, Worker::Weight::kFull,
                   std::chrono::milliseconds(0), [&regular] { ++regular; }});
    worker.add([](const std::stop_token& /*stop*/) {});
    worker.wait_until_idle();
    EXPECT_EQ(regular, 0);
  }
  EXPECT_EQ(regular, 1);
}

}  // namespace
}  // namespace omicsfs
