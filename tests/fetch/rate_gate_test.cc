// SPDX-License-Identifier: MIT
#include "fetch/rate_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "fetch/mutex.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
namespace stdfs = std::filesystem;

constexpr char kRuled[] = "http://h:80";
constexpr char kFree[] = "https://free.org:8443";
constexpr RateAnswer kServed{RateReply::kServed, {}};
constexpr RateAnswer kTooMany{RateReply::kTooMany, {}};

// Time that stands still until a test moves it on.
class TestClock {
 public:
  [[nodiscard]] RateTime now() const { return RateTime{now_.load()}; }
  void advance(RateTime by) { now_ += by.count(); }

 private:
  std::atomic<RateTime::rep> now_{RateTime(seconds{1'000}).count()};
};

// The gate of one process.
class TestGate {
 public:
  TestGate(const stdfs::path& directory, const TestClock& clock)
      : gate_({.directory = directory,
               .rules = RateRules(RateRules::PerSecond{{"h", 2}, {"other", 1}}),
               .clock = [&clock] { return clock.now(); }},
              [this] {
                const MutexLock lock(mutex_);
                ++grants_;
                changed_.notify_all();
              }) {}

  RateGate& gate() { return gate_; }
  // A permit, waited for: the clock must not have to move.
  RatePermit take(const std::string& server) {
    while (true) {
      if (auto permit = gate_.take(server)) {
        return *std::move(permit);
      }
      wait_for_grant();
    }
  }
  // Whether a permit can be had while the clock stands still.
  bool grants(const std::string& server) {
    if (gate_.take(server)) {
      return true;
    }
    catch_up();
    return gate_.take(server).has_value();
  }
  // Waits until the gate's thread has done all that it has to do now: it takes
  // servers in the order of their names, and this one is the last.
  void catch_up() {
    const std::string last = "http://zz" + std::to_string(++marks_) + ".org";
    take(last).answered(kServed);
  }

 private:
  void wait_for_grant() {
    MutexLock lock(mutex_);
    while (grants_ == 0) {
      changed_.wait(lock);
    }
    --grants_;
  }

  int marks_ = 0;
  Mutex mutex_;
  std::condition_variable_any changed_;
  int grants_ GUARDED_BY(mutex_) = 0;
  RateGate gate_;
};

class RateGateTest : public ::testing::Test {
 protected:
  // What all processes know of a server with so many places.
  RateSlots known(const std::string& file, std::size_t places) {
    one_->catch_up();
    RateSlots known;
    RateFile(dir_.path() / file, places, [this] {
      return clock_.now();
    }).update([&](RateSlots& slots, RateTime) { known = slots; });
    return known;
  }
  RateSlots known_of_free() { return known("pace-free.org_8443", 0); }
  // The end of the place that is taken the longest.
  RateTime last_end() {
    const RateSlots slots = known("rate-h", 2);
    return *std::max_element(slots.free_at.begin(), slots.free_at.end());
  }

  const TemporaryDirectory dir_;
  TestClock clock_;
  std::unique_ptr<TestGate> one_ =
      std::make_unique<TestGate>(dir_.path(), clock_);
};

TEST_F(RateGateTest, AServerThatTeachesNothingIsAskedAtOnceAndHasNoFile) {
  one_->take(kFree).answered(kServed);
  for (int i = 0; i < 100; ++i) {
    auto permit = one_->gate().take(kFree);
    ASSERT_TRUE(permit) << i;
    permit->answered(kServed);
  }
  EXPECT_FALSE(one_->gate().refusal(kFree));
  one_.reset();
  EXPECT_TRUE(stdfs::is_empty(dir_.path()));
}

// Many servers: the gate's thread cannot have learned of all these refusals.
TEST_F(RateGateTest, NobodyIsLetThroughWhileTheGateLearnsOfARefusal) {
  for (int i = 0; i < 50; ++i) {
    const std::string server = "http://s" + std::to_string(i) + ".org";
    one_->take(server).answered(kServed);
    auto permit = one_->gate().take(server);
    ASSERT_TRUE(permit) << i;
    permit->answered(kTooMany);
    ASSERT_FALSE(one_->gate().take(server)) << i;
  }
}

TEST_F(RateGateTest, ARefusalSlowsTheServerDownForEveryProcess) {
  one_->take(kFree).answered(kTooMany);
  const RateTime interval = known_of_free().pace.interval;
  EXPECT_EQ(interval, RateTime{seconds{1}} / kFirstPerSecond);
  EXPECT_FALSE(one_->grants(kFree));
  EXPECT_FALSE(TestGate(dir_.path(), clock_).grants(kFree));
  clock_.advance(interval);
  EXPECT_TRUE(one_->grants(kFree));
  EXPECT_FALSE(one_->grants(kFree)) << "one an interval";
  clock_.advance(kLongestInterval);
  one_->take(kFree).answered(kTooMany);
  EXPECT_EQ(known_of_free().pace.interval, interval * 2);
}

TEST_F(RateGateTest, AProcessLearnsWithinASecondWhatAnotherWasTold) {
  TestGate other(dir_.path(), clock_);
  other.take(kFree).answered(kServed);
  one_->take(kFree).answered(kTooMany);
  one_->catch_up();
  EXPECT_TRUE(other.grants(kFree)) << "it has looked just now";
  clock_.advance(seconds{1});
  // Its next request makes it look.
  EXPECT_TRUE(other.grants(kFree));
  other.catch_up();
  EXPECT_TRUE(other.grants(kFree)) << "the interval has passed";
  EXPECT_FALSE(other.grants(kFree));
}

TEST_F(RateGateTest, APauseHoldsForEveryProcessAndIsThenForgotten) {
  one_->take(kFree).answered({RateReply::kTooMany, seconds{30}});
  EXPECT_EQ(known_of_free().paused_until, clock_.now() + seconds{30});
  {
    TestGate other(dir_.path(), clock_);
    EXPECT_FALSE(other.grants(kFree));
    EXPECT_FALSE(other.gate().refusal(kFree)) << "short enough to wait for";
  }
  clock_.advance(seconds{30});
  EXPECT_TRUE(one_->grants(kFree));
  EXPECT_FALSE(stdfs::exists(dir_.path() / "pace-free.org_8443"));
}

TEST_F(RateGateTest, A503OfAServerThatServesNobodySlowsNobodyDown) {
  for (int i = 0; i < 10; ++i) {
    one_->take(kFree).answered({RateReply::kUnavailable, {}});
    one_->catch_up();
  }
  EXPECT_EQ(known_of_free().pace, RatePace{});
}

TEST_F(RateGateTest, ItForgetsServersWhereThereAreVeryMany) {
  EXPECT_TRUE(one_->grants("http://h0.org"));
  EXPECT_TRUE(one_->gate().take("http://h0.org")) << "it is known";
  for (int i = 1; i < 1'500; ++i) {
    EXPECT_TRUE(one_->grants("http://h" + std::to_string(i) + ".org"));
  }
  EXPECT_FALSE(one_->gate().take("http://h0.org")) << "it is looked up anew";
  one_->take(kFree).answered({RateReply::kTooMany, minutes{50}});
  for (int i = 1; i < 1'500; ++i) {
    EXPECT_TRUE(one_->grants("http://g" + std::to_string(i) + ".org"));
  }
  EXPECT_TRUE(one_->gate().refusal(kFree)) << "it has something to remember";
}

// As many as there are places; a further one where one was given back.
TEST_F(RateGateTest, APlaceThatIsGivenBackIsGrantedAgain) {
  const RatePermit first = one_->take(kRuled);
  clock_.advance(seconds{1});
  RatePermit second = one_->take(kRuled);
  clock_.advance(seconds{1});
  EXPECT_FALSE(one_->grants(kRuled));
  second.answered(kServed);
  EXPECT_FALSE(one_->grants(kRuled)) << "not within a second of it";
  clock_.advance(kRateWindow);
  EXPECT_TRUE(one_->grants(kRuled));
}

TEST_F(RateGateTest, AGrantThatNobodyComesForIsGivenBack) {
  EXPECT_FALSE(one_->gate().take(kRuled));
  const RateTime end = last_end();
  EXPECT_GT(end, clock_.now());
  clock_.advance(milliseconds{300});
  EXPECT_LT(last_end(), end);
}

TEST_F(RateGateTest, APermitIsGivenBackHoweverItEnds) {
  for (int way = 0; way < 4; ++way) {
    clock_.advance(minutes{1});
    RateTime end{0};
    {
      RatePermit permit = one_->take(kRuled);
      end = last_end();
      EXPECT_GT(end, clock_.now());
      if (way == 0) {
        permit.answered(kServed);
      } else if (way == 1) {
        permit.unused();
      } else if (way == 2) {
        const RatePermit moved = std::move(permit);
      }
    }
    EXPECT_LT(last_end(), end) << way;
  }
}

TEST_F(RateGateTest, APauseThatNobodyWaitsOutIsARefusal) {
  EXPECT_FALSE(one_->gate().refusal(kRuled));
  one_->take(kRuled).answered({RateReply::kTooMany, minutes{50}});
  one_->catch_up();
  ASSERT_TRUE(one_->gate().refusal(kRuled));
  EXPECT_EQ(one_->gate().refusal(kRuled)->code, ErrorCode::kUnavailable);
  EXPECT_FALSE(one_->gate().refusal("http://other"));
  EXPECT_FALSE(one_->grants(kRuled));
}

}  // namespace
}  // namespace omicsfs
