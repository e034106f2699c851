// SPDX-License-Identifier: MIT
#include "fs/interrupt_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
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

TEST(InterruptWatch, ASIGPIPEThatIsSentToTheProcessIsAStop) {
  const InterruptWatch watch(BrokenPipe::kEndsToo);
  std::promise<void> stopped;
  const std::stop_callback on_stop(watch.token(), [&] { stopped.set_value(); });
  ASSERT_EQ(::kill(::getpid(), SIGPIPE), 0);
  stopped.get_future().wait();
}

// The signal of a write comes before the write returns.
TEST(InterruptWatch, AWriteToABrokenPipeIsNoStop) {
  const InterruptWatch watch(BrokenPipe::kEndsToo);
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_LT(::write(ends[1], "x", 1), 0);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
  sigset_t pending{};
  ASSERT_EQ(::sigpending(&pending), 0);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 1) << "it waits in this thread";
  const timespec at_once{};
  sigset_t broken{};
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  EXPECT_EQ(::sigtimedwait(&broken, nullptr, &at_once), SIGPIPE)
      << "nobody else has taken it";
  EXPECT_FALSE(watch.token().stop_requested());
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
