// SPDX-License-Identifier: MIT
#include "fetch/file_charge.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "fetch/block_map.h"

namespace omicsfs {
namespace {

bool overlap(const BlockRun& a, const BlockRun& b) {
  return a.first < b.end() && b.first < a.end();
}

BlockRun blocks_of(ExtentIndex extent) {
  return {extent * kExtentBlocks, kExtentBlocks};
}

}  // namespace

std::uint64_t bytes_to_store(BlockRun run) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kCellsPerPage = kPage / kMapCellBytes;
  if (run.count == 0) {
    return 0;
  }
  const std::uint64_t map_pages =
      (run.end() - 1) / kCellsPerPage - run.first / kCellsPerPage + 1;
  return run.count * kBlockBytes + (map_pages + 1) * kPage;
}

bool FileCharge::enter(BlockRun run) {
  constexpr std::chrono::seconds kPatience{1};
  return enter_within(run, kPatience);
}

bool FileCharge::enter_at_once(BlockRun run) {
  return enter_within(run, std::chrono::seconds{0});
}

bool FileCharge::enter_within(BlockRun run, std::chrono::seconds patience) {
  MutexLock lock(mutex_);
  const bool free =
      punched_.wait_for(lock, patience, [this, run]() REQUIRES_LOCK(mutex_) {
        return std::none_of(punching_.begin(), punching_.end(),
                            [run](ExtentIndex extent) {
                              return overlap(blocks_of(extent), run);
                            });
      });
  if (free) {
    entered_.push_back(run);
  }
  return free;
}

void FileCharge::leave(BlockRun run) {
  const MutexLock lock(mutex_);
  const auto entry = std::find(entered_.begin(), entered_.end(), run);
  if (entry != entered_.end()) {
    entered_.erase(entry);
  }
}

bool FileCharge::take(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  if (granted_ - taken_ - written_ < bytes) {
    return false;
  }
  taken_ += bytes;
  return true;
}

void FileCharge::landed(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  taken_ -= bytes;
  written_ += bytes;
}

void FileCharge::add(std::uint64_t granted, std::uint64_t taken) {
  const MutexLock lock(mutex_);
  granted_ += granted;
  taken_ += taken;
}

std::uint64_t FileCharge::give_up_written() {
  const MutexLock lock(mutex_);
  granted_ -= written_;
  return std::exchange(written_, 0);
}

void FileCharge::keep_written(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  granted_ += bytes;
  written_ += bytes;
}

std::uint64_t FileCharge::give_up_idle() {
  const MutexLock lock(mutex_);
  const std::uint64_t idle = granted_ - taken_;
  granted_ = taken_;
  written_ = 0;
  return idle;
}

bool FileCharge::has_idle() const {
  const MutexLock lock(mutex_);
  return granted_ > taken_;
}

std::vector<ExtentIndex> FileCharge::begin_punch(
    std::span<const ExtentIndex> extents) {
  const MutexLock lock(mutex_);
  std::vector<ExtentIndex> free;
  if (!punching_.empty()) {
    return free;
  }
  const auto* entered = &entered_;  // the lambda is analysed by itself
  std::copy_if(extents.begin(), extents.end(), std::back_inserter(free),
               [entered](ExtentIndex extent) {
                 return std::none_of(entered->begin(), entered->end(),
                                     [extent](const BlockRun& run) {
                                       return overlap(blocks_of(extent), run);
                                     });
               });
  punching_ = free;
  return free;
}

void FileCharge::end_punch() {
  {
    const MutexLock lock(mutex_);
    punching_.clear();
  }
  punched_.notify_all();
}

std::vector<BlockRun> FileCharge::entered() const {
  const MutexLock lock(mutex_);
  return entered_;
}

Room::~Room() {
  if (charge_ != nullptr) {
    charge_->landed(bytes_);
    charge_->leave(run_);
  }
}

}  // namespace omicsfs
