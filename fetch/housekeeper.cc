// SPDX-License-Identifier: MIT
#include "fetch/housekeeper.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace omicsfs {
namespace {

// Digests of large files must not take the processor from those who read: a
// third of their weight.
void yield_to_others() {
  constexpr int kLess = 5;
  const auto thread = static_cast<id_t>(::gettid());
  // Where it is refused, they do.
  static_cast<void>(::setpriority(PRIO_PROCESS, thread,
                                  ::getpriority(PRIO_PROCESS, thread) + kLess));
}

}  // namespace

Housekeeper::Housekeeper(std::chrono::milliseconds period,
                         std::function<void()> regular)
    : period_(period),
      regular_(std::move(regular)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Housekeeper::~Housekeeper() {
  thread_.request_stop();
  thread_.join();
  regular_();
}

void Housekeeper::add(Task task) {
  {
    const MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void Housekeeper::wait_until_idle() {
  MutexLock lock(mutex_);
  changed_.wait(lock, [this]() REQUIRES_LOCK(mutex_) {
    return tasks_.empty() && !busy_;
  });
}

// The next task, or an empty one when it is time for the regular work.
Housekeeper::Task Housekeeper::next_task(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  busy_ = false;
  changed_.notify_all();
  changed_.wait_for(lock, stop, period_,
                    [this]() REQUIRES_LOCK(mutex_) { return !tasks_.empty(); });
  if (tasks_.empty() || stop.stop_requested()) {
    return {};
  }
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  busy_ = true;
  return task;
}

void Housekeeper::run(const std::stop_token& stop) {
  yield_to_others();
  while (!stop.stop_requested()) {
    if (const Task task = next_task(stop)) {
      task(stop);
    } else if (!stop.stop_requested()) {
      regular_();
    }
  }
}

}  // namespace omicsfs
