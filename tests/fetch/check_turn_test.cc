// SPDX-License-Identifier: MIT
#include "fetch/check_turn.h"

#include <gtest/gtest.h>

#include <new>

namespace omicsfs {
namespace {

using State = CheckState;

TEST(CheckTurn, AnExceptionLeavesTheFileToTheNextCheck) {
  for (const State reached : {State::kQueued, State::kRunning}) {
    std::atomic<State> state{State::kNone};
    try {
      CheckTurn turn(state);
      ASSERT_TRUE(turn.queue());
      ASSERT_EQ(state, State::kQueued);
      state = reached;
      throw std::bad_alloc();
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(state, State::kNone);
    }
  }
}

TEST(CheckTurn, AVerdictStays) {
  for (const State verdict : {State::kPassed, State::kFailed}) {
    std::atomic<State> state{State::kNone};
    {
      CheckTurn turn(state);
      ASSERT_TRUE(turn.queue());
      state = verdict;
    }
    EXPECT_EQ(state, verdict);
    EXPECT_FALSE(CheckTurn(state).queue());
    EXPECT_EQ(state, verdict);
  }
}

TEST(CheckTurn, OneThatIsNotHeldChangesNothing) {
  std::atomic<State> state{State::kNone};
  {
    CheckTurn ended(state);
    ASSERT_TRUE(ended.queue());
    state = State::kNone;  // without memory there was no verdict
    ended.end();
    CheckTurn next(state);
    ASSERT_TRUE(next.queue());
    EXPECT_FALSE(CheckTurn(state).queue());
    EXPECT_EQ(state, State::kQueued);
    state = State::kRunning;
    next.end();
  }
  EXPECT_EQ(state, State::kRunning);
}

}  // namespace
}  // namespace omicsfs
