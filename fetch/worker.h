// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>

#include "fetch/mutex.h"

namespace omicsfs {

// One thread for work that must not be done by those who ask for it. Tasks run
// in order, one at a time; who adds them bounds how many wait. Thread-safe.
class Worker {
 public:
  // Its token is the thread's: asked to stop where the thread is to drop what
  // it has.
  using Task = std::function<void(const std::stop_token&)>;

  enum class AtEnd {
    kFinish,  // what waits is still run
    kDrop,    // the running task is asked to stop, those that wait are dropped
  };
  enum class Weight {
    kFull,
    kThird,  // of the processor, where others want it as well
  };
  struct Options {
    AtEnd at_end = AtEnd::kFinish;
    Weight weight = Weight::kFull;
    // Besides the tasks: every `period`, where that is not 0, and at the end.
    // It is done when it is due, also while tasks wait: they may never end.
    std::chrono::milliseconds period{0};
    std::function<void()> regular{};
    // The clock that says when it is due.
    std::function<std::chrono::steady_clock::time_point()> now =
        std::chrono::steady_clock::now;
  };

  explicit Worker(Options options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // After end() it is dropped.
  void add(Task task);
  // A task will come: the last one of something that has begun.
  void expect();
  // The task that was expected. Where there is no memory to keep it for later
  // it is run here and now, for others wait for its end.
  void add_expected(Task task);
  // Returns once no task runs, waits or is expected.
  void wait_until_idle();
  // Returns once the running task is done; those that wait are dropped. Its
  // caller destroys what they use. REQUIRES: AtEnd::kDrop, and nothing is
  // expected.
  void end();

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool is_regular_due();
  Task next_task(const std::stop_token& stop);
  bool queue_expected(Task& task);

  const Options options_;
  // When the regular work is next due; the thread's own.
  std::chrono::steady_clock::time_point regular_at_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  std::uint64_t expected_ GUARDED_BY(mutex_) = 0;
  bool busy_ GUARDED_BY(mutex_) = false;
  bool has_ended_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace omicsfs
