// SPDX-License-Identifier: MIT
#include "fetch/rate_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

#include "fetch/mutex.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

ResponseHead head_of(int status, const std::string& retry_after = "") {
  ResponseHead head;
  head.status = status;
  head.retry_after = retry_after;
  return head;
}

TEST(PauseToldBy, IsAskedForByA429AndByAnAnswerThatSaysHowLong) {
  const std::chrono::system_clock::time_point now{};
  const auto pause = [&](const ResponseHead& head) {
    return pause_told_by(head, now).value_or(milliseconds{-1}).count();
  };
  EXPECT_EQ(pause(head_of(429)), 1'000);
  for (const int status : {403, 429, 503}) {
    EXPECT_EQ(pause(head_of(status, "7")), 7'000) << status;
    EXPECT_EQ(pause(head_of(status, "Thu, 01 Jan 1970 00:01:00 GMT")), 60'000);
  }
  EXPECT_EQ(pause(head_of(429, "soon")), 1'000);
  for (const int status : {200, 206, 307, 403, 404, 500, 503}) {
    EXPECT_EQ(pause(head_of(status)), -1) << status;
  }
  for (const int status : {200, 307, 404}) {
    EXPECT_EQ(pause(head_of(status, "7")), -1) << status;
  }
}

class RateGateTest : public ::testing::Test {
 protected:
  // A permit, waited for.
  RatePermit take() {
    while (true) {
      if (auto permit = gate_.take(kServer)) {
        return *std::move(permit);
      }
      MutexLock lock(mutex_);
      while (grants_ == 0) {
        changed_.wait(lock);
      }
      grants_ = 0;
    }
  }

  // The end of the place that is taken the longest.
  RateTime last_end() {
    RateTime last{0};
    RateFile(dir_.path() / "rate-h", 2)
        .update([&last](RateSlots& slots, RateTime /*now*/) {
          last = *std::max_element(slots.free_at.begin(), slots.free_at.end());
        });
    return last;
  }
  // Whether a place that was taken until `end` is given back before.
  bool is_given_back(RateTime end) {
    while (last_end() == end && rate_clock() < end) {
      std::this_thread::sleep_for(milliseconds{5});
    }
    return last_end() < end;
  }

  static constexpr char kServer[] = "http://h:80";
  const TemporaryDirectory dir_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  int grants_ GUARDED_BY(mutex_) = 0;
  RateGate gate_{dir_.path(),
                 RateRules(RateRules::PerSecond{{"h", 2}, {"other", 1}}),
                 [this] {
                   const MutexLock lock(mutex_);
                   ++grants_;
                   changed_.notify_all();
                 }};
};

TEST_F(RateGateTest, LimitsTheServersOfItsRulesAlone) {
  EXPECT_TRUE(gate_.limits(kServer));
  EXPECT_TRUE(gate_.limits("https://other"));
  EXPECT_FALSE(gate_.limits("https://third"));
  EXPECT_FALSE(gate_.refusal("https://third"));
}

TEST_F(RateGateTest, PermitsThatAreGivenBackAreGrantedAgain) {
  for (int i = 0; i < 5; ++i) {
    take().answered(std::nullopt);
  }
}

TEST_F(RateGateTest, AGrantThatNobodyComesForIsGivenBack) {
  {
    MutexLock lock(mutex_);
    EXPECT_FALSE(gate_.take(kServer));
    while (grants_ == 0) {
      changed_.wait(lock);
    }
  }
  const RateTime end = last_end();
  EXPECT_GT(end, rate_clock());
  EXPECT_TRUE(is_given_back(end));
}

TEST_F(RateGateTest, APermitIsGivenBackHoweverItEnds) {
  for (int way = 0; way < 4; ++way) {
    RateTime end{0};
    {
      RatePermit permit = take();
      end = last_end();
      if (way == 0) {
        permit.answered(std::nullopt);
      } else if (way == 1) {
        permit.unused();
      } else if (way == 2) {
        const RatePermit moved = std::move(permit);
      }
    }
    EXPECT_TRUE(is_given_back(end)) << way;
  }
}

TEST_F(RateGateTest, APauseThatNobodyWaitsOutIsARefusal) {
  EXPECT_FALSE(gate_.refusal(kServer));
  take().answered(std::chrono::minutes{50});
  while (!gate_.refusal(kServer)) {
    std::this_thread::sleep_for(milliseconds{5});
  }
  EXPECT_EQ(gate_.refusal(kServer)->code, ErrorCode::kUnavailable);
  EXPECT_FALSE(gate_.refusal("http://other"));
  EXPECT_FALSE(gate_.take(kServer));
}

}  // namespace
}  // namespace omicsfs
