// SPDX-License-Identifier: MIT
#include "fs/interrupt_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace omicsfs {
namespace {

// The signals by which users, shells and systems end a program. A blocked
// signal arrives although it is ignored, so nohup(1) keeps its word here.
sigset_t interrupts(BrokenPipe pipe) {
  sigset_t set{};
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGQUIT}) {
    sigaddset(&set, number);
  }
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) {
    sigaddset(&set, SIGHUP);
  }
  if (pipe == BrokenPipe::kEndsToo) {
    sigaddset(&set, SIGPIPE);
  }
  return set;
}

// Waits for either; true for a signal.
bool signal_arrives(int signals, int end) {
  std::array<pollfd, 2> waits = {{{signals, POLLIN, 0}, {end, POLLIN, 0}}};
  int ready = 0;
  do {
    ready = ::poll(waits.data(), waits.size(), -1);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && (waits[0].revents & POLLIN) != 0;
}

}  // namespace

BlockedInterrupts::BlockedInterrupts(BrokenPipe pipe) {
  const sigset_t blocked = interrupts(pipe);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

BlockedInterrupts::~BlockedInterrupts() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

InterruptWatch::InterruptWatch(BrokenPipe pipe) : blocked_(pipe) {
  const sigset_t awaited = interrupts(pipe);
  signals_ = UniqueFd(::signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK));
  end_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] {
    if (signal_arrives(signals_.get(), end_.get())) {
      stop_.request_stop();
    }
  });
}

InterruptWatch::~InterruptWatch() {
  const std::uint64_t one = 1;
  // An eventfd at zero takes one count without fail.
  [[maybe_unused]] const ssize_t written =
      ::write(end_.get(), &one, sizeof(one));
  thread_.join();
  // A signal that came is spent: the stop was its effect.
  signalfd_siginfo spent{};
  while (::read(signals_.get(), &spent, sizeof(spent)) > 0) {
  }
}

}  // namespace omicsfs
