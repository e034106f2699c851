// SPDX-License-Identifier: MIT
#include "fs/read_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace omicsfs {
namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Reading::TimePoint;

TimePoint in_an_hour() { return Clock::now() + std::chrono::hours(1); }

// What readings wait for: bytes that come when the test says so.
class Bytes {
 public:
  void come() {
    std::vector<std::weak_ptr<Waker>> waiting;
    {
      const MutexLock lock(mutex_);
      here_ = true;
      waiting.swap(waiting_);
    }
    for (const auto& one : waiting) {
      if (const auto waker = one.lock()) {
        waker->wake();
      }
    }
  }
  bool here_or_wake(const std::shared_ptr<Waker>& waker) {
    const MutexLock lock(mutex_);
    ++polls_;
    if (!here_) {
      waiting_.push_back(waker);
    }
    return here_;
  }
  [[nodiscard]] int polls() const {
    const MutexLock lock(mutex_);
    return polls_;
  }

 private:
  mutable Mutex mutex_;
  bool here_ GUARDED_BY(mutex_) = false;
  int polls_ GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<Waker>> waiting_ GUARDED_BY(mutex_);
};

class BytesReading final : public Reading {
 public:
  BytesReading(Bytes& bytes, TimePoint wake_at)
      : bytes_(bytes), wake_at_(wake_at) {}
  std::optional<Result<void>> poll(std::span<std::byte> out,
                                   const ReadLimits& /*limits*/,
                                   const WakerPointer& waker) override {
    if (!bytes_.here_or_wake(waker)) {
      return std::nullopt;
    }
    std::memset(out.data(), 'x', out.size());
    return Result<void>();
  }
  [[nodiscard]] TimePoint wake_at() const override { return wake_at_; }

 private:
  Bytes& bytes_;
  const TimePoint wake_at_;
};

// How a read ended, and on which thread.
class Ended final : public QueuedRead {
 public:
  explicit Ended(Bytes& bytes, TimePoint deadline = in_an_hour(),
                 TimePoint wake_at = TimePoint::max())
      : QueuedRead(std::make_unique<BytesReading>(bytes, wake_at), 100,
                   deadline) {}

  void wait() {
    MutexLock lock(mutex_);
    changed_.wait(lock, [this]() REQUIRES_LOCK(mutex_) { return ends_ > 0; });
  }
  [[nodiscard]] int ends() const {
    const MutexLock lock(mutex_);
    return ends_;
  }
  [[nodiscard]] std::optional<ErrorCode> error() const {
    const MutexLock lock(mutex_);
    return error_;
  }
  [[nodiscard]] std::string bytes() const {
    const MutexLock lock(mutex_);
    return bytes_;
  }
  [[nodiscard]] std::thread::id thread() const {
    const MutexLock lock(mutex_);
    return thread_;
  }

 private:
  void on_end(const Result<void>& outcome,
              std::span<const std::byte> bytes) override {
    {
      const MutexLock lock(mutex_);
      ++ends_;
      thread_ = std::this_thread::get_id();
      if (outcome) {
        bytes_.assign(reinterpret_cast<const char*>(bytes.data()),
                      bytes.size());
      } else {
        error_ = outcome.error().code;
      }
    }
    changed_.notify_all();
  }

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  int ends_ GUARDED_BY(mutex_) = 0;
  std::thread::id thread_ GUARDED_BY(mutex_);
  std::string bytes_ GUARDED_BY(mutex_);
  std::optional<ErrorCode> error_ GUARDED_BY(mutex_);
};

TEST(ReplyBuffers, ABufferHasTheSizeThatIsAskedForAtLeast) {
  ReplyBuffers buffers;
  buffers.give_back(buffers.take(10));
  EXPECT_EQ(buffers.take(4).size, 10U) << "a kept one that is large enough";
  buffers.give_back(buffers.take(10));
  EXPECT_EQ(buffers.take(1000).size, 1000U);
}

TEST(ReplyBuffers, ABoundedNumberIsKept) {
  ReplyBuffers buffers;
  std::vector<ReplyBuffers::Buffer> taken;
  for (std::size_t i = 0; i <= ReplyBuffers::kMostKept; ++i) {
    taken.push_back(buffers.take(10));
  }
  for (auto& buffer : taken) {
    buffers.give_back(std::move(buffer));
  }
  for (std::size_t i = 0; i < ReplyBuffers::kMostKept; ++i) {
    EXPECT_EQ(buffers.take(1).size, 10U);
  }
  EXPECT_EQ(buffers.take(1).size, 1U);
}

TEST(ReadQueue, AReadThatNeedNotWaitEndsOnTheThreadThatAsks) {
  ReadQueue queue(1);
  Bytes here;
  here.come();
  const auto read = std::make_shared<Ended>(here);
  queue.start(read);
  EXPECT_EQ(read->ends(), 1);
  EXPECT_EQ(read->thread(), std::this_thread::get_id());
  EXPECT_EQ(read->bytes(), std::string(100, 'x'));
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(ReadQueue, AThousandReadsThatWaitHoldUpNeitherAHitNorOneAnother) {
  ReadQueue queue(1);
  Bytes never;
  std::vector<std::shared_ptr<Ended>> stalled;
  for (int i = 0; i < 1000; ++i) {
    stalled.push_back(std::make_shared<Ended>(never));
    queue.start(stalled.back());
  }
  EXPECT_EQ(queue.waiting(), 1000U);
  Bytes later;
  const auto read = std::make_shared<Ended>(later);
  queue.start(read);
  EXPECT_EQ(read->ends(), 0);
  later.come();
  read->wait();
  EXPECT_EQ(read->bytes(), std::string(100, 'x'));
  for (const auto& one : stalled) {
    EXPECT_EQ(one->ends(), 0);
  }
  never.come();
  for (const auto& one : stalled) {
    one->wait();
    EXPECT_EQ(one->bytes().size(), 100U);
  }
}

TEST(ReadQueue, AReadEndsAtItsDeadlineAndNoOtherDoes) {
  ReadQueue queue(1);
  Bytes never;
  const auto patient = std::make_shared<Ended>(never);
  const auto read = std::make_shared<Ended>(
      never, Clock::now() + std::chrono::milliseconds(20));
  queue.start(patient);
  queue.start(read);
  read->wait();
  EXPECT_EQ(read->error(), ErrorCode::kTimedOut);
  EXPECT_EQ(patient->ends(), 0);
}

TEST(ReadQueue, AnInterruptEndsOneReadAtOnce) {
  ReadQueue queue(1);
  Bytes never;
  const auto interrupted = std::make_shared<Ended>(never);
  const auto other = std::make_shared<Ended>(never);
  queue.start(interrupted);
  queue.start(other);
  interrupted->interrupt();
  interrupted->wait();
  EXPECT_EQ(interrupted->error(), ErrorCode::kInterrupted);
  interrupted->interrupt();  // too late, and harmless
  EXPECT_EQ(other->ends(), 0);
}

TEST(ReadQueue, AReadThatAsksForATimeIsPolledThenThoughNobodyWakesIt) {
  ReadQueue queue(1);
  Bytes bytes;
  const auto read = std::make_shared<Ended>(
      bytes, in_an_hour(), Clock::now() + std::chrono::milliseconds(5));
  queue.start(read);
  while (bytes.polls() < 2) {
    std::this_thread::yield();
  }
  bytes.come();
  read->wait();
  EXPECT_FALSE(read->error());
}

TEST(ReadQueue, ItsEndInterruptsAllThatWaits) {
  Bytes never;
  std::vector<std::shared_ptr<Ended>> reads;
  {
    ReadQueue queue;
    for (int i = 0; i < 100; ++i) {
      reads.push_back(std::make_shared<Ended>(never));
      queue.start(reads.back());
    }
    queue.interrupt_all();
    reads.push_back(std::make_shared<Ended>(never));
    queue.start(reads.back());  // would wait
  }
  for (const auto& read : reads) {
    EXPECT_EQ(read->error(), ErrorCode::kInterrupted);
    EXPECT_EQ(read->ends(), 1);
  }
}

TEST(ReadQueue, WakesAndInterruptsFromManyThreadsEndEachReadOnce) {
  for (int round = 0; round < 50; ++round) {
    ReadQueue queue(4);
    std::vector<Bytes> bytes(20);
    std::vector<std::shared_ptr<Ended>> reads;
    for (Bytes& one : bytes) {
      reads.push_back(std::make_shared<Ended>(one));
      queue.start(reads.back());
    }
    std::jthread wakes([&] {
      for (Bytes& one : bytes) {
        one.come();
      }
    });
    std::jthread interrupts([&] {
      for (const auto& read : reads) {
        read->interrupt();
      }
    });
    for (const auto& read : reads) {
      read->wait();
    }
    wakes.join();
    interrupts.join();
    for (const auto& read : reads) {
      EXPECT_EQ(read->ends(), 1);
    }
  }
}

}  // namespace
}  // namespace omicsfs
