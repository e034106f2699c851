// SPDX-License-Identifier: MIT
#include "fetch/flight.h"

#include <algorithm>
#include <cstring>
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

void Flight::listen(OnBlocks on_blocks, OnEnd on_end) {
  on_blocks_ = std::move(on_blocks);
  on_end_ = std::move(on_end);
}

std::uint64_t Flight::block_length(std::uint64_t index) const {
  return std::min(kBlockBytes, bytes_.length - index * kBlockBytes);
}

Result<void> Flight::wait_for(BlockIndex block, const ReadLimits& limits) {
  const std::uint64_t index = block - run_.first;
  MutexLock lock(mutex_);
  const bool told = changed_.wait_until(
      lock, limits.stop, limits.deadline, [&]() REQUIRES_LOCK(mutex_) {
        if (blocks_here_ > index || end_.has_value()) {
          return true;
        }
        wake_at_ = std::min(wake_at_, index + 1);
        return false;
      });
  if (blocks_here_ > index) {
    return {};
  }
  if (end_ && !*end_) {
    return end_->error();
  }
  return wait_ended(limits, told ? "the fetch ended early"
                                 : "no answer within the read's deadline");
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
    if (start == 0) {
      blocks_.push_back(buffers_.take());
    }
    const auto take =
        std::min<std::uint64_t>(bytes.size(), block_length(index) - start);
    std::memcpy(blocks_[index].get() + start, bytes.data(), take);
    filled_ += take;
    bytes = bytes.subspan(take);
    if (start + take == block_length(index)) {
      publish_block(index);
    }
  }
  return {};
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
  if (on_end_) {
    on_end_(result);
  }
  {
    const MutexLock lock(mutex_);
    end_ = std::move(result);
  }
  changed_.notify_all();
  // They may hold what holds this flight.
  on_blocks_ = nullptr;
  on_end_ = nullptr;
}

}  // namespace omicsfs
