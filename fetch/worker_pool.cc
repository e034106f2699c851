// SPDX-License-Identifier: MIT
#include "fetch/worker_pool.h"

#include <exception>
#include <new>
#include <utility>

namespace omicsfs {

// Whether the task now waits for a thread.
bool WorkerPool::enqueue(Task& task) {
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
    tasks_.push_back(std::move(task));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void WorkerPool::add(Task task) {
  if (enqueue(task)) {
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

// False where the pool ends and nothing is left.
bool WorkerPool::next(Task& task) {
  MutexLock lock(mutex_);
  ++idle_;
  changed_.wait(lock, [this]() REQUIRES_LOCK(mutex_) {
    return stopped_ || !tasks_.empty();
  });
  --idle_;
  if (tasks_.empty()) {
    return false;
  }
  task = std::move(tasks_.front());
  tasks_.pop_front();
  return true;
}

void WorkerPool::run() {
  Task task;
  while (next(task)) {
    try {
      task(stop_.get_token());
    } catch (const std::bad_alloc&) {
      // Who waits for the task hears of its end from what it held.
    }
    task = nullptr;
  }
}

}  // namespace omicsfs
