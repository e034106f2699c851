// SPDX-License-Identifier: MIT
#include "fs/interrupt_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <stop_token>

namespace omicsfs {
namespace {

TEST(InterruptWatch, TurnsASignalIntoAStop) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    const InterruptWatch watch;
    EXPECT_FALSE(watch.token().stop_requested());
    std::promise<void> stopped;
    const std::stop_callback on_stop(watch.token(),
                                     [&] { stopped.set_value(); });
    ASSERT_EQ(::kill(::getpid(), number), 0);
    stopped.get_future().wait();
    EXPECT_TRUE(watch.token().stop_requested());
  }
}

// As nohup(1) starts a program.
TEST(InterruptWatch, AHangupThatIsIgnoredStaysSo) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptWatch watch;
    sigset_t blocked{};
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    EXPECT_EQ(sigismember(&blocked, SIGHUP), 0);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
  }
  static_cast<void>(std::signal(SIGHUP, before));
}

TEST(InterruptWatch, EndsWithNoSignalAndRestoresTheMask) {
  sigset_t before{};
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  { const InterruptWatch watch; }
  sigset_t after{};
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
  EXPECT_EQ(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
}

}  // namespace
}  // namespace omicsfs
