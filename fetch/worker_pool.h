// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "fetch/mutex.h"

namespace omicsfs {

// A few threads for tasks that wait: for the network, mostly. Threads come into
// being as they are needed. Thread-safe.
class WorkerPool {
 public:
  // Its token is asked to stop when the pool ends; a task that has not begun
  // then is run all the same, and sees it.
  using Task = std::function<void(const std::stop_token&)>;

  explicit WorkerPool(std::size_t threads) : most_(threads) {}
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `task` on one of the threads; after stop(), and where the system gives
  // none, on the caller's.
  void add(Task task);
  // Ends what runs, and returns once nothing does.
  void stop();

 private:
  bool enqueue(Task& task);
  void run();
  bool next(Task& task);

  const std::size_t most_;
  std::stop_source stop_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
