// SPDX-License-Identifier: MIT
#include "fetch/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

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
