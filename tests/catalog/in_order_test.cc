// SPDX-License-Identifier: MIT
#include "catalog/in_order.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace omicsfs {
namespace {

TEST(InOrder, WhatIsMadeAtOnceIsTakenInOrder) {
  for (std::size_t count = 0; count <= 20; ++count) {
    for (std::size_t at_once = 1; at_once <= 5; ++at_once) {
      std::string taken;
      const auto done = values_in_order(
          count, at_once,
          [](std::size_t index) { return std::make_unique<char>('a' + index); },
          [&](std::size_t index, const std::unique_ptr<char>& value) {
            EXPECT_EQ(index, taken.size());
            taken += *value;
            return Result<void>();
          });
      EXPECT_TRUE(done);
      EXPECT_EQ(taken, std::string("abcdefghijklmnopqrst").substr(0, count));
    }
  }
}

// Lets a thing end when as many others are under way, and counts them.
class Meeting {
 public:
  explicit Meeting(std::size_t expected) : expected_(expected) {}

  void attend() {
    std::unique_lock<std::mutex> lock(mutex_);
    most_ = std::max(most_, ++here_);
    all_here_.notify_all();
    all_here_.wait(lock, [this] { return most_ >= expected_; });
    --here_;
  }
  [[nodiscard]] std::size_t most() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return most_;
  }

 private:
  const std::size_t expected_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t here_ = 0;
  std::size_t most_ = 0;
};

TEST(InOrder, AsManyAreUnderWayAsMayBeAndNoMore) {
  Meeting meeting(4);
  std::atomic<std::size_t> taken = 0;
  std::atomic<bool> ahead = false;
  const auto done = in_order({50, 4,
                              [&](std::size_t index) {
                                ahead = ahead || index >= taken + 4;
                                meeting.attend();
                              },
                              [&](std::size_t) {
                                ++taken;
                                return Result<void>();
                              }});
  EXPECT_TRUE(done);
  EXPECT_EQ(taken, 50U);
  EXPECT_EQ(meeting.most(), 4U);
  EXPECT_FALSE(ahead) << "one began before there was room for it";
}

TEST(InOrder, TheFirstErrorIsTheLastThatIsTaken) {
  for (const std::size_t at_once : {1U, 3U}) {
    std::atomic<std::size_t> begun = 0;
    std::size_t taken = 0;
    const auto done = in_order({1000, at_once, [&](std::size_t) { ++begun; },
                                [&](std::size_t index) -> Result<void> {
                                  ++taken;
                                  if (index == 7) {
                                    return Error{ErrorCode::kIo, "seven"};
                                  }
                                  return {};
                                }});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "seven");
    EXPECT_EQ(taken, 8U);
    EXPECT_LE(begun, 7U + at_once);
  }
}

TEST(InOrder, NoMemoryIsAnErrorOfTheThingThatHadNone) {
  for (const std::size_t at_once : {1U, 3U}) {
    std::size_t taken = 0;
    const auto done = in_order({10, at_once,
                                [](std::size_t index) {
                                  if (index == 4) {
                                    throw std::bad_alloc();
                                  }
                                },
                                [&](std::size_t) {
                                  ++taken;
                                  return Result<void>();
                                }});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kIo);
    EXPECT_EQ(taken, 4U);
  }
}

}  // namespace
}  // namespace omicsfs
