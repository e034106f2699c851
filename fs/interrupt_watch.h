// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

#include "catalog/unique_fd.h"

namespace omicsfs {

// Whether SIGPIPE is one of the signals that end the program. It is for a mount
// when another process sends it. A write to a broken pipe ends nothing: the
// kernel sends that SIGPIPE to the thread that writes, where it stays blocked.
enum class BrokenPipe { kAsBefore, kEndsToo };

// While it lives, the signals that end a program (SIGINT, SIGTERM, SIGQUIT, and
// SIGHUP unless it is ignored) wait, in the calling thread and in those that it
// starts from then on. Destroy it in the thread that made it.
class BlockedInterrupts {
 public:
  explicit BlockedInterrupts(BrokenPipe pipe = BrokenPipe::kAsBefore);
  ~BlockedInterrupts();
  BlockedInterrupts(const BlockedInterrupts&) = delete;
  BlockedInterrupts& operator=(const BlockedInterrupts&) = delete;

 private:
  sigset_t before_{};
};

// While it lives, those signals do not kill the process but request a stop, so
// that work in hand can clean up; one that waits already does so at once. It
// blocks them as above: make it before any thread that outlives a signal, and
// destroy it in the thread that made it.
class InterruptWatch {
 public:
  explicit InterruptWatch(BrokenPipe pipe = BrokenPipe::kAsBefore);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  BlockedInterrupts blocked_;
  std::stop_source stop_;
  UniqueFd signals_;
  UniqueFd end_;  // readable once the watch is over
  std::thread thread_;
};

}  // namespace omicsfs
