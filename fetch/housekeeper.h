// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>

#include "fetch/mutex.h"

namespace omicsfs {

// The one thread for work that nobody waits for: digests of large files, uses
// to be written to the index. Tasks run in order, one at a time. Thread-safe.
class Housekeeper {
 public:
  using Task = std::function<void(const std::stop_token&)>;

  // `regular` runs every `period` and once at the end.
  Housekeeper(std::chrono::milliseconds period, std::function<void()> regular);
  // Asks the running task to stop, drops those that wait, and joins.
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  void add(Task task);
  // Returns once no task runs or waits.
  void wait_until_idle();

 private:
  void run(const std::stop_token& stop);
  Task next_task(const std::stop_token& stop);

  const std::chrono::milliseconds period_;
  const std::function<void()> regular_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  bool busy_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace omicsfs
