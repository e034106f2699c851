// SPDX-License-Identifier: MIT
#include "catalog/in_order.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

namespace omicsfs {
namespace {

Result<void> make_one(const InOrder& things, std::size_t index) {
  try {
    things.make(index);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kIo, "no memory"};
  }
  return {};
}

// The threads that make things, and whose turn it is.
class MakingLine {
 public:
  explicit MakingLine(const InOrder& things)
      : things_(things), made_(things.at_once) {}
  ~MakingLine();
  MakingLine(const MakingLine&) = delete;
  MakingLine& operator=(const MakingLine&) = delete;

  // Whether there is a thread; more than one where the system gives them.
  bool start();
  Result<void> take_all();

 private:
  void work();
  [[nodiscard]] bool has_room() const {
    return begun_ < taken_ + things_.at_once;
  }
  // Waits for the thing.
  Result<void> made(std::size_t index);

  const InOrder& things_;
  std::vector<std::thread> threads_{};
  std::mutex mutex_{};
  std::condition_variable room_{};   // a thing was taken, or no more begins
  std::condition_variable ready_{};  // the thing that is waited for was made
  // Under mutex_: what became of the making of each, by its index modulo
  // at_once.
  std::vector<std::optional<Result<void>>> made_;
  std::size_t begun_ = 0;
  std::size_t taken_ = 0;
  bool ends_ = false;
};

MakingLine::~MakingLine() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool MakingLine::start() {
  const std::size_t wanted = std::min(things_.count, things_.at_once);
  try {
    threads_.reserve(wanted);
    while (threads_.size() < wanted) {
      threads_.emplace_back([this] { work(); });
    }
  } catch (const std::exception&) {
    // The system has no more threads or memory; those that are here do.
  }
  return !threads_.empty();
}

void MakingLine::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    room_.wait(lock, [this] {
      return ends_ || begun_ == things_.count || has_room();
    });
    if (ends_ || begun_ == things_.count) {
      return;
    }
    const std::size_t index = begun_++;
    lock.unlock();
    Result<void> done = make_one(things_, index);
    lock.lock();
    made_[index % things_.at_once] = std::move(done);
    if (index == taken_) {
      ready_.notify_one();
    }
  }
}

Result<void> MakingLine::made(std::size_t index) {
  std::unique_lock<std::mutex> lock(mutex_);
  auto& slot = made_[index % things_.at_once];
  ready_.wait(lock, [&slot] { return slot.has_value(); });
  return *std::exchange(slot, std::nullopt);
}

Result<void> MakingLine::take_all() {
  for (std::size_t index = 0; index < things_.count; ++index) {
    auto done = made(index);
    done = done ? things_.take(index) : done;
    if (!done) {
      return done;
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++taken_;
    }
    room_.notify_one();
  }
  return {};
}

Result<void> in_order_alone(const InOrder& things) {
  for (std::size_t index = 0; index < things.count; ++index) {
    auto done = make_one(things, index);
    done = done ? things.take(index) : done;
    if (!done) {
      return done;
    }
  }
  return {};
}

}  // namespace

Result<void> in_order(const InOrder& things) {
  if (std::min(things.count, things.at_once) > 1) {
    MakingLine line(things);
    if (line.start()) {
      return line.take_all();
    }
  }
  return in_order_alone(things);
}

}  // namespace omicsfs
