// SPDX-License-Identifier: MIT
#include "fetch/worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <new>
#include <utility>

namespace omicsfs {
namespace {

// As if started by nice(1); where that is refused, it takes its full share.
void yield_to_others() {
  constexpr int kThirdOfTheWeight = 5;
  const auto thread = static_cast<id_t>(::gettid());
  static_cast<void>(
      ::setpriority(PRIO_PROCESS, thread,
                    ::getpriority(PRIO_PROCESS, thread) + kThirdOfTheWeight));
}

}  // namespace

Worker::Worker(Options options)
    : options_(std::move(options)),
      regular_at_(options_.now() + options_.period),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Worker::~Worker() {
  thread_.request_stop();
  if (thread_.joinable()) {
    thread_.join();
  }
  if (options_.regular) {
    options_.regular();
  }
}

// Tasks are destroyed without the lock: their ends may be of use to others.
void Worker::end() {
  std::deque<Task> dropped;
  {
    const MutexLock lock(mutex_);
    has_ended_ = true;
    dropped.swap(tasks_);
  }
  thread_.request_stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Worker::add(Task task) {
  {
    const MutexLock lock(mutex_);
    if (has_ended_) {
      return;
    }
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void Worker::expect() {
  const MutexLock lock(mutex_);
  ++expected_;
}

void Worker::add_expected(Task task) {
  if (!queue_expected(task)) {
    task(thread_.get_stop_token());
  }
  changed_.notify_all();
}

bool Worker::queue_expected(Task& task) {
  const MutexLock lock(mutex_);
  --expected_;
  try {
    tasks_.push_back(std::move(task));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void Worker::wait_until_idle() {
  MutexLock lock(mutex_);
  changed_.wait(lock, [this]() REQUIRES_LOCK(mutex_) {
    return tasks_.empty() && !busy_ && expected_ == 0;
  });
}

// Looks at the clock. Once true, the work is due again a period later.
bool Worker::is_regular_due() {
  if (options_.period.count() == 0) {
    return false;
  }
  const auto now = options_.now();
  if (now < regular_at_) {
    return false;
  }
  regular_at_ = now + options_.period;
  return true;
}

// The next task, or an empty one when it is time for the regular work or for
// the end.
Worker::Task Worker::next_task(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  busy_ = false;
  if (tasks_.empty()) {
    changed_.notify_all();
  }
  if (!stop.stop_requested() && is_regular_due()) {
    return {};
  }
  const auto any = [this]() REQUIRES_LOCK(mutex_) { return !tasks_.empty(); };
  if (options_.period.count() > 0) {
    changed_.wait_for(lock, stop, options_.period, any);
  } else {
    changed_.wait(lock, stop, any);
  }
  const bool drops = options_.at_end == AtEnd::kDrop && stop.stop_requested();
  if (tasks_.empty() || drops) {
    return {};
  }
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  busy_ = true;
  return task;
}

void Worker::run(const std::stop_token& stop) {
  if (options_.weight == Weight::kThird) {
    yield_to_others();
  }
  for (;;) {
    try {
      if (const Task task = next_task(stop)) {
        task(stop);
      } else if (stop.stop_requested()) {
        return;
      } else if (options_.regular) {
        options_.regular();
      }
    } catch (const std::bad_alloc&) {
      // Nobody waits for what is done here: the rest goes on without it.
    }
  }
}

}  // namespace omicsfs
