// SPDX-License-Identifier: MIT
#include "fs/read_queue.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <utility>

namespace omicsfs {
namespace {

using Clock = std::chrono::steady_clock;

Error no_memory() { return {ErrorCode::kIo, "no memory"}; }

}  // namespace

ReplyBuffers::Buffer ReplyBuffers::take(std::size_t size) {
  Buffer buffer;
  {
    const MutexLock lock(mutex_);
    if (!kept_.empty()) {
      buffer = std::move(kept_.back());
      kept_.pop_back();
    }
  }
  if (buffer.size < size) {
    buffer.bytes.reset();
    buffer = {size, std::make_unique_for_overwrite<std::byte[]>(size)};
  }
  return buffer;
}

void ReplyBuffers::give_back(Buffer buffer) {
  const MutexLock lock(mutex_);
  if (kept_.size() < kMostKept) {
    kept_.push_back(std::move(buffer));
  }
}

// A buffer for one poll.
class ReadQueue::ReplySpace {
 public:
  ReplySpace(ReplyBuffers& buffers, std::size_t size)
      : buffers_(buffers), buffer_(buffers.take(size)), size_(size) {}
  ~ReplySpace() { buffers_.give_back(std::move(buffer_)); }
  ReplySpace(const ReplySpace&) = delete;
  ReplySpace& operator=(const ReplySpace&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const {
    return {buffer_.bytes.get(), size_};
  }

 private:
  ReplyBuffers& buffers_;
  ReplyBuffers::Buffer buffer_;
  const std::size_t size_;
};

void QueuedRead::interrupt() {
  stop_.request_stop();
  wake();
}

// A flight may wake a read that has just ended, and whose queue is no more.
void QueuedRead::wake() {
  const MutexLock lock(queue_mutex_);
  if (queue_ != nullptr) {
    queue_->wake(*this);
  }
}

void QueuedRead::enter(ReadQueue& queue) {
  const MutexLock lock(queue_mutex_);
  queue_ = &queue;
}

void QueuedRead::leave_queue() {
  const MutexLock lock(queue_mutex_);
  queue_ = nullptr;
}

ReadQueue::ReadQueue(std::size_t threads) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
  }
}

ReadQueue::~ReadQueue() {
  interrupt_all();
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

std::size_t ReadQueue::waiting() const {
  const MutexLock lock(mutex_);
  return under_way_;
}

void ReadQueue::start(const std::shared_ptr<QueuedRead>& read) noexcept {
  read->enter(*this);
  try {
    begin(read);
  } catch (const std::bad_alloc&) {
    end(*read, no_memory(), {});
  }
}

// What throws comes before the read is entered among those that wait.
void ReadQueue::begin(const std::shared_ptr<QueuedRead>& read) {
  const ReplySpace space(buffers_, read->length_);
  const std::span<std::byte> out = space.bytes();
  auto outcome = read->reading_->poll(out, {read->deadline_, {}}, read);
  if (outcome) {
    end(*read, *outcome, out);
    return;
  }
  read->stop_ = std::stop_source();
  Places place;
  place.emplace(read->deadline_, read);
  read->kept_place_ = place.extract(place.begin());
  {
    const MutexLock lock(mutex_);
    ++under_way_;
  }
  read->on_wait();
  if (!wait_again(*read)) {
    go_on(read);
  }
}

void ReadQueue::interrupt_all() {
  {
    const MutexLock lock(mutex_);
    interrupted_ = true;
    Places due;
    while (!waiting_.empty()) {
      auto place = waiting_.extract(waiting_.begin());
      place.key() = TimePoint::min();
      QueuedRead& read = *place.mapped();
      read.place_ = due.insert(std::move(place));
    }
    waiting_.swap(due);
  }
  changed_.notify_all();
}

void ReadQueue::wake(QueuedRead& read) {
  {
    const MutexLock lock(mutex_);
    if (read.state_ == QueuedRead::State::kPolled) {
      read.state_ = QueuedRead::State::kPolledAndWoken;
    }
    if (read.state_ != QueuedRead::State::kWaits ||
        read.place_->first == TimePoint::min()) {
      return;
    }
    auto place = waiting_.extract(read.place_);
    place.key() = TimePoint::min();
    read.place_ = waiting_.insert(std::move(place));
  }
  changed_.notify_one();
}

void ReadQueue::run() {
  while (const auto read = next()) {
    go_on(read);
  }
}

// The next read that is due; null at the end, when none is left.
std::shared_ptr<QueuedRead> ReadQueue::next() {
  MutexLock lock(mutex_);
  for (;;) {
    if (waiting_.empty()) {
      if (ending_ && under_way_ == 0) {
        return nullptr;
      }
      changed_.wait(lock);
      continue;
    }
    const TimePoint due = waiting_.begin()->first;
    if (due > Clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    auto place = waiting_.extract(waiting_.begin());
    auto read = place.mapped();
    if (!waiting_.empty()) {
      changed_.notify_one();  // somebody else sees to the next one's time
    }
    read->kept_place_ = std::move(place);
    read->state_ = QueuedRead::State::kPolled;
    return read;
  }
}

bool ReadQueue::is_over(const QueuedRead& read) const {
  const MutexLock lock(mutex_);
  return interrupted_ || read.stop_.stop_requested();
}

// Polls the read until it waits or has ended.
void ReadQueue::go_on(const std::shared_ptr<QueuedRead>& read) noexcept {
  do {
    try {
      const ReplySpace space(buffers_, read->length_);
      const std::span<std::byte> out = space.bytes();
      std::optional<Result<void>> outcome;
      if (is_over(*read)) {
        outcome = Error{ErrorCode::kInterrupted, "the read was interrupted"};
      } else {
        const ReadLimits limits{read->deadline_, read->stop_.get_token()};
        outcome = read->reading_->poll(out, limits, read);
        if (const auto ended = wait_ended(limits); !outcome && ended) {
          outcome = *ended;
        }
      }
      if (outcome) {
        end(*read, *outcome, out);
        return;
      }
    } catch (const std::bad_alloc&) {
      end(*read, no_memory(), {});
      return;
    }
  } while (!wait_again(*read));
}

// False where it was woken meanwhile.
bool ReadQueue::wait_again(QueuedRead& read) {
  bool is_first = false;
  {
    const MutexLock lock(mutex_);
    if (interrupted_ || read.state_ == QueuedRead::State::kPolledAndWoken) {
      read.state_ = QueuedRead::State::kPolled;
      return false;
    }
    read.state_ = QueuedRead::State::kWaits;
    read.kept_place_.key() = std::min(read.reading_->wake_at(), read.deadline_);
    read.place_ = waiting_.insert(std::move(read.kept_place_));
    is_first = read.place_ == waiting_.begin();
  }
  if (is_first) {
    changed_.notify_one();
  }
  return true;
}

// The reading goes first: what it reads from may be closed after the reply.
void ReadQueue::end(QueuedRead& read, const Result<void>& outcome,
                    std::span<const std::byte> bytes) {
  read.reading_.reset();
  read.leave_queue();
  bool waited = false;
  {
    const MutexLock lock(mutex_);
    waited = !read.kept_place_.empty();
    read.state_ = QueuedRead::State::kEnded;
  }
  // It holds the read itself.
  const auto place = std::move(read.kept_place_);
  read.on_end(outcome, bytes);
  if (!waited) {
    return;
  }
  bool is_last = false;
  {
    const MutexLock lock(mutex_);
    is_last = --under_way_ == 0 && ending_;
  }
  if (is_last) {
    changed_.notify_all();
  }
}

}  // namespace omicsfs
