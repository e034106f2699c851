// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/mutex.h"
#include "fetch/reading.h"

namespace omicsfs {

class ReadQueue;

// A read that a ReadQueue carries out, and who is told of its end.
class QueuedRead : public Waker,
                   public std::enable_shared_from_this<QueuedRead> {
 public:
  using TimePoint = Reading::TimePoint;

  // Of `length` bytes; it ends at `deadline`.
  QueuedRead(std::unique_ptr<Reading> reading, std::size_t length,
             TimePoint deadline)
      : reading_(std::move(reading)), length_(length), deadline_(deadline) {}

  // Ends the wait: the read then fails with kInterrupted. Thread-safe.
  void interrupt();
  void wake() final;

 protected:
  // The read did not end at once: interrupt() may be called from here on.
  virtual void on_wait() {}
  // Exactly once, last, on the thread that began the read or on one of the
  // queue's. The bytes are good until it returns, and the reading is gone.
  // Neither throws.
  virtual void on_end(const Result<void>& outcome,
                      std::span<const std::byte> bytes) = 0;

 private:
  friend class ReadQueue;
  enum class State { kPolled, kPolledAndWoken, kWaits, kEnded };
  using Places = std::multimap<TimePoint, std::shared_ptr<QueuedRead>>;

  std::unique_ptr<Reading> reading_;
  const std::size_t length_;
  const TimePoint deadline_;
  std::stop_source stop_{std::nostopstate};  // made where the read waits

  void enter(ReadQueue& queue);
  void leave_queue();

  Mutex queue_mutex_;
  ReadQueue* queue_ GUARDED_BY(queue_mutex_) = nullptr;  // until it has ended
  // By the queue's lock:
  State state_ = State::kPolled;
  Places::iterator place_;        // while it waits
  Places::node_type kept_place_;  // else: to wait again takes no memory
};

// Room for the bytes of reads that end now. What is given back is kept for the
// next, as fresh memory costs a page fault for each of its pages. (A
// thread_local would end the program where its thread begins without memory.)
// Thread-safe.
class ReplyBuffers {
 public:
  // More than threads use at a time.
  static constexpr std::size_t kMostKept = 80;

  ReplyBuffers() { kept_.reserve(kMostKept); }  // to give back needs no memory

  struct Buffer {
    std::size_t size = 0;
    std::unique_ptr<std::byte[]> bytes{};
  };
  // Throws std::bad_alloc.
  [[nodiscard]] Buffer take(std::size_t size);
  void give_back(Buffer buffer);

 private:
  Mutex mutex_;
  std::vector<Buffer> kept_ GUARDED_BY(mutex_);  // the last used last
};

// Carries out any number of reads at once with a few threads: a read that waits
// holds none. What is at hand is read on the thread that asks. Thread-safe.
class ReadQueue {
 public:
  explicit ReadQueue(std::size_t threads = kThreads);
  // Interrupts what waits, and returns when all of it has ended.
  ~ReadQueue();
  ReadQueue(const ReadQueue&) = delete;
  ReadQueue& operator=(const ReadQueue&) = delete;

  // Begins a read, and ends it before it returns where nothing must be waited
  // for. Does not throw: for want of memory the read fails.
  void start(const std::shared_ptr<QueuedRead>& read) noexcept;
  // From now on each read ends where it would wait: with kInterrupted.
  void interrupt_all();

  // How many reads wait now.
  [[nodiscard]] std::size_t waiting() const;

 private:
  friend class QueuedRead;
  using Places = QueuedRead::Places;
  using TimePoint = QueuedRead::TimePoint;
  // They copy, check digests and reply; none of it waits for the network.
  static constexpr std::size_t kThreads = 8;

  class ReplySpace;

  void begin(const std::shared_ptr<QueuedRead>& read);
  void run();
  std::shared_ptr<QueuedRead> next();
  void wake(QueuedRead& read);
  void go_on(const std::shared_ptr<QueuedRead>& read) noexcept;
  bool wait_again(QueuedRead& read);
  [[nodiscard]] bool is_over(const QueuedRead& read) const;
  void end(QueuedRead& read, const Result<void>& outcome,
           std::span<const std::byte> bytes);

  ReplyBuffers buffers_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  // By when each is to be polled again; those that were woken come first.
  Places waiting_ GUARDED_BY(mutex_);
  std::size_t under_way_ GUARDED_BY(mutex_) = 0;  // waiting, or polled again
  bool interrupted_ GUARDED_BY(mutex_) = false;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace omicsfs
