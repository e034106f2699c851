// SPDX-License-Identifier: MIT
#include "fetch/flight.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace omicsfs {
namespace {

Error wait_ended(const ReadLimits& limits, const std::string& what) {
  if (limits.stop.stop_requested()) {
    return {ErrorCode::kInterrupted, "the read was interrupted"};
  }
  return {ErrorCode::kTimedOut, what};
}

}  // namespace

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

void Flight::on_started() {
  {
    const MutexLock lock(mutex_);
    started_ = std::chrono::steady_clock::now();
  }
  changed_.notify_all();
}

Flight::TimePoint Flight::ask_again_at() const {
  return ask_again_ && started_ ? *started_ + late_ : TimePoint::max();
}

// None where the wait goes on.
std::optional<Result<void>> Flight::outcome_of_wait(
    std::uint64_t index, const ReadLimits& limits) const {
  if (blocks_here_ > index) {
    return Result<void>();
  }
  if (end_) {
    return *end_ ? wait_ended(limits, "the fetch ended early") : end_->error();
  }
  if (limits.stop.stop_requested() ||
      std::chrono::steady_clock::now() >= limits.deadline) {
    return wait_ended(limits, "no answer within the read's deadline");
  }
  return std::nullopt;
}

Result<void> Flight::wait_for(BlockIndex block, const ReadLimits& limits) {
  const std::uint64_t index = block - run_.first;
  for (;;) {
    MutexLock lock(mutex_);
    const TimePoint ask_at = ask_again_at();
    changed_.wait_until(
        lock, limits.stop, std::min(limits.deadline, ask_at),
        [&]() REQUIRES_LOCK(mutex_) {
          const bool sooner = ask_again_at() < ask_at;
          if (blocks_here_ > index || end_.has_value() || sooner) {
            return true;
          }
          wake_at_ = std::min(wake_at_, index + 1);
          return false;
        });
    if (auto outcome = outcome_of_wait(index, limits)) {
      return *outcome;
    }
    if (std::chrono::steady_clock::now() < ask_again_at()) {
      continue;
    }
    const auto ask_again = std::exchange(ask_again_, nullptr);
    lock.unlock();
    ask_again();
  }
}

std::span<const std::byte> Flight::block_bytes(BlockIndex block) const {
  const std::uint64_t index = block - run_.first;
  return {blocks_.data()[index].get(), block_length(index)};
}

void Flight::settle() {
  {
    const MutexLock lock(mutex_);
    settled_ = true;
  }
  changed_.notify_all();
}

Result<void> Flight::wait_settled(const ReadLimits& limits) {
  MutexLock lock(mutex_);
  const bool settled =
      changed_.wait_until(lock, limits.stop, limits.deadline,
                          [this]() REQUIRES_LOCK(mutex_) { return settled_; });
  return settled ? Result<void>()
                 : wait_ended(limits, "the disk takes what came too slowly");
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
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    blocks_here_ = index + 1;
    wake = blocks_here_ >= wake_at_;
    if (wake) {
      wake_at_ = UINT64_MAX;  // who waits for more says so again
    }
  }
  if (wake) {
    changed_.notify_all();
  }
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
  {
    const MutexLock lock(mutex_);
    end_ = std::move(result);
    ask_again_ = nullptr;
  }
  changed_.notify_all();
  // They may hold what holds this flight.
  on_blocks_ = nullptr;
  on_end_ = nullptr;
  accept_ = nullptr;
}

}  // namespace omicsfs
