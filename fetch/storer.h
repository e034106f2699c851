// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>

#include "fetch/mutex.h"

namespace omicsfs {

// The one thread that writes what came over the network to the cache's disk, so
// that neither readers nor the network wait for it. What waits here is bounded
// by the memory that fetches may take. Tasks run in order. Thread-safe.
class Storer {
 public:
  using Task = std::function<void()>;

  Storer() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
  // Runs what waits, then joins.
  ~Storer();
  Storer(const Storer&) = delete;
  Storer& operator=(const Storer&) = delete;

  // A task will come: the last one of something that has begun.
  void expect();
  void add(Task task);
  // The task that was expected.
  void add_expected(Task task);
  // Returns once no task runs, waits or is expected.
  void wait_until_idle();

 private:
  void run(const std::stop_token& stop);
  Task next_task(const std::stop_token& stop);

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  std::uint64_t expected_ GUARDED_BY(mutex_) = 0;
  bool busy_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace omicsfs
