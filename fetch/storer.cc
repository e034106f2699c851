// SPDX-License-Identifier: MIT
#include "fetch/storer.h"

#include <utility>

namespace omicsfs {

Storer::~Storer() {
  thread_.request_stop();
  thread_.join();
}

void Storer::expect() {
  const MutexLock lock(mutex_);
  ++expected_;
}

void Storer::add_expected(Task task) {
  {
    const MutexLock lock(mutex_);
    --expected_;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void Storer::add(Task task) {
  {
    const MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void Storer::wait_until_idle() {
  MutexLock lock(mutex_);
  changed_.wait(lock, [this]() REQUIRES_LOCK(mutex_) {
    return tasks_.empty() && !busy_ && expected_ == 0;
  });
}

// An empty task when there is none and the end has come.
Storer::Task Storer::next_task(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  busy_ = false;
  if (tasks_.empty()) {
    changed_.notify_all();
  }
  changed_.wait(lock, stop,
                [this]() REQUIRES_LOCK(mutex_) { return !tasks_.empty(); });
  if (tasks_.empty()) {
    return {};
  }
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  busy_ = true;
  return task;
}

void Storer::run(const std::stop_token& stop) {
  while (const Task task = next_task(stop)) {
    task();
  }
}

}  // namespace omicsfs
