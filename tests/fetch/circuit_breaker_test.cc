// SPDX-License-Identifier: MIT
#include "fetch/circuit_breaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace omicsfs {
namespace {

using Pass = CircuitBreaker::Pass;
using Outcome = CircuitBreaker::Outcome;
using Time = CircuitBreaker::Time;
using std::chrono::milliseconds;

constexpr BreakerPolicy kPolicy{.failures = 3,
                                .without_success = milliseconds{100},
                                .first_pause = milliseconds{10},
                                .max_pause = milliseconds{40}};

Time at(int ms) { return Time{} + milliseconds{1000 + ms}; }

// Open at `ms`.
CircuitBreaker opened(int ms) {
  CircuitBreaker breaker(kPolicy);
  for (const int when : {ms - 100, ms - 50, ms}) {
    EXPECT_EQ(breaker.ask(at(when)), Pass::kYes);
    breaker.ended(Pass::kYes, Outcome::kFailed, at(when));
  }
  return breaker;
}

TEST(CircuitBreaker, AProbeIsTakenByWhoeverAsksAndNotByWhoeverLooks) {
  CircuitBreaker breaker = opened(100);
  EXPECT_FALSE(breaker.may_ask(at(109)));
  EXPECT_TRUE(breaker.may_ask(at(110)));
  EXPECT_TRUE(breaker.may_ask(at(110)));
  EXPECT_EQ(breaker.ask(at(110)), Pass::kProbe);
  EXPECT_FALSE(breaker.may_ask(at(110)));
  EXPECT_EQ(breaker.ask(at(110)), Pass::kNo);
}

TEST(CircuitBreaker, OpensAfterEnoughFailuresOverEnoughTime) {
  CircuitBreaker breaker = opened(100);
  EXPECT_EQ(breaker.ask(at(100)), Pass::kNo);
  EXPECT_EQ(breaker.ask(at(109)), Pass::kNo);
  EXPECT_EQ(breaker.failures(), 3);
}

TEST(CircuitBreaker, ABurstOfFailuresDoesNotOpenIt) {
  CircuitBreaker breaker(kPolicy);
  for (int i = 0; i < 100; ++i) {
    breaker.ended(Pass::kYes, Outcome::kFailed, at(i / 2));
    EXPECT_EQ(breaker.ask(at(i / 2)), Pass::kYes);
  }
}

TEST(CircuitBreaker, FewFailuresDoNotOpenItHoweverLongTheyLast) {
  CircuitBreaker breaker(kPolicy);
  breaker.ended(Pass::kYes, Outcome::kFailed, at(0));
  breaker.ended(Pass::kYes, Outcome::kFailed, at(10'000));
  EXPECT_EQ(breaker.ask(at(10'000)), Pass::kYes);
}

TEST(CircuitBreaker, AnAnswerBetweenFailuresBeginsTheCountAnew) {
  CircuitBreaker breaker(kPolicy);
  for (int i = 0; i < 20; ++i) {
    breaker.ended(Pass::kYes, Outcome::kFailed, at(i * 100));
    breaker.ended(Pass::kYes, Outcome::kFailed, at(i * 100 + 1));
    breaker.ended(Pass::kYes, Outcome::kAnswered, at(i * 100 + 2));
  }
  EXPECT_TRUE(breaker.idle());
}

TEST(CircuitBreaker, WhatIsCancelledCountsForNothing) {
  CircuitBreaker breaker(kPolicy);
  for (int i = 0; i < 20; ++i) {
    breaker.ended(Pass::kYes, Outcome::kUnknown, at(i * 100));
  }
  EXPECT_TRUE(breaker.idle());
}

TEST(CircuitBreaker, OneProbeAtATimePassesOnceThePauseIsOver) {
  CircuitBreaker breaker = opened(100);
  EXPECT_EQ(breaker.ask(at(110)), Pass::kProbe);
  EXPECT_EQ(breaker.ask(at(110)), Pass::kNo);
  EXPECT_EQ(breaker.ask(at(9'000)), Pass::kNo) << "it is still under way";
  breaker.ended(Pass::kProbe, Outcome::kUnknown, at(9'000));
  EXPECT_EQ(breaker.ask(at(9'000)), Pass::kProbe);
}

TEST(CircuitBreaker, AProbeThatIsAnsweredClosesIt) {
  CircuitBreaker breaker = opened(100);
  EXPECT_EQ(breaker.ask(at(110)), Pass::kProbe);
  breaker.ended(Pass::kProbe, Outcome::kAnswered, at(115));
  EXPECT_TRUE(breaker.idle());
  EXPECT_EQ(breaker.ask(at(115)), Pass::kYes);
}

TEST(CircuitBreaker, EachProbeThatFailsDoublesThePauseUpToItsMost) {
  CircuitBreaker breaker = opened(100);
  int now = 100;
  for (const int pause : {10, 20, 40, 40, 40}) {
    EXPECT_EQ(breaker.ask(at(now + pause - 1)), Pass::kNo);
    now += pause;
    EXPECT_EQ(breaker.ask(at(now)), Pass::kProbe);
    breaker.ended(Pass::kProbe, Outcome::kFailed, at(now));
  }
}

TEST(CircuitBreaker, WhatBeganBeforeItOpenedNeitherProlongsThePauseNorIsLost) {
  CircuitBreaker breaker = opened(100);
  breaker.ended(Pass::kYes, Outcome::kFailed, at(109));
  EXPECT_EQ(breaker.ask(at(110)), Pass::kProbe);
  breaker.ended(Pass::kYes, Outcome::kAnswered, at(111));
  EXPECT_EQ(breaker.ask(at(111)), Pass::kYes) << "the server answers";
}

// Every sequence of up to seven events, against what must always hold.
TEST(CircuitBreaker, HoldsItsPromisesInEveryOrderOfEvents) {
  enum class Event { kAsk, kFail, kAnswer, kCancel, kWait };
  constexpr int kEvents = 5;
  constexpr int kLength = 7;
  int sequences = 1;
  for (int i = 0; i < kLength; ++i) {
    sequences *= kEvents;
  }
  constexpr BreakerPolicy kQuick{.failures = 2,
                                 .without_success = milliseconds{1},
                                 .first_pause = milliseconds{5},
                                 .max_pause = milliseconds{5}};
  for (int sequence = 0; sequence < sequences; ++sequence) {
    CircuitBreaker breaker(kQuick);
    std::vector<Pass> under_way;
    int failures = 0;
    int now = 0;
    for (int rest = sequence, i = 0; i < kLength; ++i, rest /= kEvents) {
      const auto event = static_cast<Event>(rest % kEvents);
      ++now;
      if (event == Event::kAsk) {
        const Pass pass = breaker.ask(at(now));
        const auto probes =
            std::count(under_way.begin(), under_way.end(), Pass::kProbe);
        if (pass == Pass::kNo) {
          ASSERT_GE(failures, 2) << sequence;
          continue;
        }
        ASSERT_TRUE(pass == Pass::kYes || probes == 0) << sequence;
        under_way.push_back(pass);
      } else if (event == Event::kWait) {
        now += 10;
      } else if (!under_way.empty()) {
        const Pass pass = under_way.back();
        under_way.pop_back();
        const Outcome outcome = event == Event::kFail     ? Outcome::kFailed
                                : event == Event::kAnswer ? Outcome::kAnswered
                                                          : Outcome::kUnknown;
        breaker.ended(pass, outcome, at(now));
        failures = event == Event::kFail     ? failures + 1
                   : event == Event::kAnswer ? 0
                                             : failures;
        ASSERT_EQ(breaker.failures(), failures) << sequence;
      }
    }
    // Whatever happened, a server is asked again in the end.
    for (const Pass pass : under_way) {
      breaker.ended(pass, Outcome::kUnknown, at(now));
    }
    ASSERT_NE(breaker.ask(at(now + 10)), Pass::kNo) << sequence;
  }
}

TEST(CircuitBreakers, KeepServersApartAndSayWhy) {
  CircuitBreakers breakers(kPolicy);
  for (const int when : {0, 50, 100}) {
    breakers.ended("http://a:80", Pass::kYes, Outcome::kFailed, at(when));
  }
  EXPECT_EQ(breakers.ask("http://a:80", at(105)), Pass::kNo);
  EXPECT_EQ(breakers.ask("http://b:80", at(105)), Pass::kYes);
  EXPECT_EQ(breakers.why_not("http://a:80", at(105)),
            "http://a:80 is left alone after 3 failures; it is asked again in "
            "1 s");
  EXPECT_EQ(breakers.ask("http://a:80", at(110)), Pass::kProbe);
  breakers.ended("http://a:80", Pass::kProbe, Outcome::kAnswered, at(111));
  EXPECT_EQ(breakers.ask("http://a:80", at(111)), Pass::kYes);
}

}  // namespace
}  // namespace omicsfs
