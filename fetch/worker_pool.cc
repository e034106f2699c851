// SPDX-License-Identifier: MIT
#include "fetch/worker_pool.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace omicsfs {

// Whether the task now waits for a thread.
bool WorkerPool::enqueue(Task& task, const std::string& lane) {
  const MutexLock lock(mutex_);
  if (!stopped_ && tasks_.size() >= idle_ && threads_.size() < most_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::exception&) {
      // The system has no more threads or memory; those that are here do.
    }
  }
  if (stopped_ || threads_.empty()) {
    return false;
  }
  try {
    tasks_.push_back({task, lane});
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void WorkerPool::add(Task task, const std::string& lane) {
  if (enqueue(task, lane)) {
    changed_.notify_one();
  } else {
    task(stop_.get_token());
  }
}

void WorkerPool::stop() {
  stop_.request_stop();
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// The first task whose lane has a thread left for it; at the end, any.
WorkerPool::Tasks::iterator WorkerPool::first_that_may() {
  return std::find_if(tasks_.begin(), tasks_.end(),
                      [this](const LaneTask& one) REQUIRES_LOCK(mutex_) {
                        const auto lane = lanes_.find(one.lane);
                        return stopped_ || lane == lanes_.end() ||
                               lane->second < most_of_lane_;
                      });
}

// False where the pool ends and nothing is left.
bool WorkerPool::next(LaneTask& task) {
  MutexLock lock(mutex_);
  ++idle_;
  auto first = first_that_may();
  while (!stopped_ && first == tasks_.end()) {
    changed_.wait(lock);
    first = first_that_may();
  }
  --idle_;
  if (tasks_.empty()) {
    return false;
  }
  task = std::move(*first);
  tasks_.erase(first);
  try {
    ++lanes_[task.lane];
  } catch (const std::bad_alloc&) {
    // It runs all the same, beyond its lane's part.
  }
  return true;
}

void WorkerPool::leave_lane(const std::string& lane) {
  {
    const MutexLock lock(mutex_);
    const auto found = lanes_.find(lane);
    if (found != lanes_.end() && --found->second == 0) {
      lanes_.erase(found);
    }
  }
  // A task that waits for the lane may begin; this thread may take another's.
  changed_.notify_one();
}

void WorkerPool::run() {
  LaneTask task;
  while (next(task)) {
    try {
      task.task(stop_.get_token());
    } catch (const std::bad_alloc&) {
      // Who waits for the task hears of its end from what it held.
    }
    task.task = nullptr;
    leave_lane(task.lane);
  }
}

}  // namespace omicsfs
