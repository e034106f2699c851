// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "fetch/mutex.h"

namespace omicsfs {

// A bounded number of threads for tasks that wait: for the network, mostly.
// Threads come into being as they are needed. Tasks of one lane, whose server
// may be silent, take a bounded part of them: the rest is left to the others.
// Thread-safe.
class WorkerPool {
 public:
  // Its token is asked to stop when the pool ends; a task that has not begun
  // then is run all the same, and sees it.
  using Task = std::function<void(const std::stop_token&)>;

  explicit WorkerPool(std::size_t threads) : WorkerPool(threads, threads) {}
  WorkerPool(std::size_t threads, std::size_t of_one_lane)
      : most_(threads), most_of_lane_(of_one_lane) {}
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `task` on one of the threads; after stop(), and where the system gives
  // none, on the caller's. Tasks of a lane begin in the order of their calls.
  void add(Task task, const std::string& lane = "");
  // Ends what runs, and returns once nothing does.
  void stop();

 private:
  struct LaneTask {
    Task task;
    std::string lane;
  };
  using Tasks = std::deque<LaneTask>;

  bool enqueue(Task& task, const std::string& lane);
  void run();
  bool next(LaneTask& task);
  void leave_lane(const std::string& lane);
  Tasks::iterator first_that_may() REQUIRES_LOCK(mutex_);

  const std::size_t most_;
  const std::size_t most_of_lane_;
  std::stop_source stop_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  Tasks tasks_ GUARDED_BY(mutex_);
  // How many tasks of each run now.
  std::map<std::string, std::size_t> lanes_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
