// SPDX-License-Identifier: MIT
#include "fetch/flight.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace omicsfs {

Flight::Flight(BlockRun run, ByteRange bytes, BlockBuffers& buffers,
               FetchBudget::Share share)
    : run_(run), bytes_(bytes), buffers_(buffers), share_(std::move(share)) {
  blocks_.reserve(run.count);
}

void Flight::listen(OnBlocks on_blocks, OnEnd on_end, Accept accept) {
  on_blocks_ = std::move(on_blocks);
  on_end_ = std::move(on_end);
  accept_ = std::move(accept);
}

std::uint64_t Flight::block_length(std::uint64_t index) const {
  return std::min(kBlockBytes, bytes_.length - index * kBlockBytes);
}

void Flight::hedge(std::chrono::microseconds late,
                   std::function<void()> ask_again) {
  const MutexLock lock(mutex_);
  if (blocks_here_ == 0 && !end_) {
    late_ = late;
    ask_again_ = std::move(ask_again);
  }
}

// Those who wait learn when they may ask a second time.
void Flight::on_started() {
  AllWaiting all;
  {
    const MutexLock lock(mutex_);
    started_ = std::chrono::steady_clock::now();
    if (ask_again_) {
      all.swap(waiting_);
    }
  }
  wake(all);
}

Flight::TimePoint Flight::ask_again_at() const {
  return ask_again_ && started_ ? *started_ + late_ : TimePoint::max();
}

// None where it is still open.
std::optional<Result<void>> Flight::outcome(std::uint64_t count) const {
  if (blocks_here_ >= count) {
    return Result<void>();
  }
  if (end_ && *end_) {
    return Error{ErrorCode::kIo, "the fetch ended early"};
  }
  return end_;
}

// Once, however often it asks.
void Flight::remember(std::uint64_t count,
                      const std::shared_ptr<Waker>& waker) {
  const auto known =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& other) {
        return !other.waker.owner_before(waker) &&
               !waker.owner_before(other.waker);
      });
  if (known == waiting_.end()) {
    waiting_.push_back({count, waker});
  } else {
    known->count = std::min(known->count, count);
  }
}

// Not under the lock: who is woken may ask at once.
void Flight::wake(const AllWaiting& all) {
  for (const Waiting& waiting : all) {
    if (const auto waker = waiting.waker.lock()) {
      waker->wake();
    }
  }
}

Flight::Answer Flight::poll(BlockIndex block,
                            const std::shared_ptr<Waker>& waker) {
  const std::uint64_t count = block - run_.first + 1;
  std::function<void()> ask_again;
  Answer answer;
  {
    const MutexLock lock(mutex_);
    answer.outcome = outcome(count);
    if (answer.outcome) {
      return answer;
    }
    remember(count, waker);
    if (std::chrono::steady_clock::now() >= ask_again_at()) {
      ask_again = std::exchange(ask_again_, nullptr);
    }
    answer.ask_at = ask_again_at();
  }
  if (ask_again) {
    ask_again();
  }
  return answer;
}

bool Flight::has(BlockIndex block) const {
  const MutexLock lock(mutex_);
  return block >= run_.first && block - run_.first < blocks_here_;
}

std::span<const std::byte> Flight::block_bytes(BlockIndex block) const {
  const std::uint64_t index = block - run_.first;
  return {blocks_.data()[index].get(), block_length(index)};
}

Result<void> Flight::on_bytes(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (filled_ == bytes_.length) {
      return Error{ErrorCode::kInvalid, "more bytes than the range asked for"};
    }
    const std::uint64_t index = filled_ / kBlockBytes;
    const std::uint64_t start = filled_ % kBlockBytes;
    if (filled_ == 0) {
      const MutexLock lock(mutex_);
      ask_again_ = nullptr;  // its answer has begun
    }
    if (start == 0 && !add_block()) {
      return Error{ErrorCode::kIo, "no memory for a block"};
    }
    const auto take =
        std::min<std::uint64_t>(bytes.size(), block_length(index) - start);
    std::memcpy(blocks_[index].get() + start, bytes.data(), take);
    filled_ += take;
    bytes = bytes.subspan(take);
    if (start + take == block_length(index)) {
      const BlockIndex block = run_.first + index;
      if (accept_ && !accept_(block, block_bytes(block))) {
        damaged_.store(true, std::memory_order_release);
        return Error{ErrorCode::kCorrupt,
                     "a block is not what it was when its file was verified"};
      }
      publish_block(index);
    }
  }
  return {};
}

// A transport's thread must see no exception.
bool Flight::add_block() {
  try {
    blocks_.push_back(buffers_.take());  // for which there is room
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Flight::publish_block(std::uint64_t index) {
  if (filled_ == bytes_.length) {
    arrived_.store(true, std::memory_order_release);
  }
  AllWaiting content;
  {
    const MutexLock lock(mutex_);
    blocks_here_ = index + 1;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto one = at++;
      if (blocks_here_ >= one->count) {
        content.splice(content.end(), waiting_, one);
      }
    }
  }
  wake(content);
  if (on_blocks_) {
    on_blocks_(index + 1);
  }
}

void Flight::on_done(Result<void> result) {
  try {
    if (on_end_) {
      on_end_(result);
    }
  } catch (const std::bad_alloc&) {
    // Readers must hear of the end all the same.
  }
  AllWaiting all;
  {
    const MutexLock lock(mutex_);
    end_ = std::move(result);
    ask_again_ = nullptr;
    all.swap(waiting_);
  }
  wake(all);
  // They may hold what holds this flight.
  on_blocks_ = nullptr;
  on_end_ = nullptr;
  accept_ = nullptr;
}

}  // namespace omicsfs
