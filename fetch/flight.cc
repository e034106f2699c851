// SPDX-License-Identifier: MIT
#include "fetch/flight.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace omicsfs {

Flight::Flight(BlockRun run, ByteRange bytes)
    : run_(run),
      bytes_(bytes),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(bytes.length)) {}

void Flight::listen(OnBlock on_block, OnEnd on_end) {
  on_block_ = std::move(on_block);
  on_end_ = std::move(on_end);
}

std::uint64_t Flight::block_end(std::uint64_t index) const {
  return std::min((index + 1) * kBlockBytes, bytes_.length);
}

Result<void> Flight::wait_for(BlockIndex block, const ReadLimits& limits) {
  const std::uint64_t index = block - run_.first;
  MutexLock lock(mutex_);
  const bool settled = arrived_.wait_until(
      lock, limits.stop, limits.deadline, [&]() REQUIRES_LOCK(mutex_) {
        return blocks_here_ > index || end_.has_value();
      });
  if (blocks_here_ > index) {
    return {};
  }
  if (end_ && !*end_) {
    return end_->error();
  }
  if (limits.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the read was interrupted"};
  }
  return Error{ErrorCode::kTimedOut,
               settled ? "the fetch ended early"
                       : "no answer within the read's deadline"};
}

std::span<const std::byte> Flight::block_bytes(BlockIndex block) const {
  const std::uint64_t index = block - run_.first;
  const std::uint64_t start = index * kBlockBytes;
  return {buffer_.get() + start, block_end(index) - start};
}

Result<void> Flight::on_bytes(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t end = block_end(filled_ / kBlockBytes);
    const std::uint64_t take =
        std::min<std::uint64_t>(bytes.size(), end - filled_);
    if (take == 0) {
      return Error{ErrorCode::kInvalid, "more bytes than the range asked for"};
    }
    std::memcpy(buffer_.get() + filled_, bytes.data(), take);
    filled_ += take;
    bytes = bytes.subspan(take);
    if (filled_ == end) {
      publish_block();
    }
  }
  return {};
}

void Flight::publish_block() {
  const std::uint64_t index = (filled_ - 1) / kBlockBytes;
  const BlockIndex block = run_.first + index;
  if (on_block_) {
    on_block_(block, block_bytes(block));
  }
  {
    const MutexLock lock(mutex_);
    blocks_here_ = index + 1;
  }
  arrived_.notify_all();
}

void Flight::on_done(Result<void> result) {
  if (on_end_) {
    on_end_(result);
  }
  {
    const MutexLock lock(mutex_);
    end_ = std::move(result);
  }
  arrived_.notify_all();
  // They may hold what holds this flight.
  on_block_ = nullptr;
  on_end_ = nullptr;
}

std::shared_ptr<Flight> FlightTable::covering(const Entries& entries,
                                              BlockIndex block) {
  auto after = entries.upper_bound(block);
  if (after == entries.begin()) {
    return nullptr;
  }
  --after;
  return block < after->second.flight->run().end() ? after->second.flight
                                                   : nullptr;
}

// Adds `block` to the last part where it continues it, else as a new part.
void FlightTable::add_part(std::vector<Part>& parts, BlockIndex block,
                           const std::shared_ptr<Flight>& flight) {
  if (!parts.empty() && parts.back().flight == flight) {
    ++parts.back().run.count;
    return;
  }
  parts.push_back({{block, 1}, flight, false});
  if (flight != nullptr) {
    ++entries_.at(flight->run().first).waiters;
  }
}

void FlightTable::launch(std::vector<Part>& parts, BlockRun run,
                         std::uint64_t file_size) {
  auto flight = std::make_shared<Flight>(run, bytes_of(run, file_size));
  entries_.emplace(run.first, Entry{flight, 1});
  parts.push_back({run, std::move(flight), true});
}

std::vector<FlightTable::Part> FlightTable::join(
    BlockRun wanted, std::uint64_t max_run, std::uint64_t file_size,
    const std::function<bool(BlockIndex)>& present) {
  std::vector<Part> parts;
  const MutexLock lock(mutex_);
  const Entries* entries = &entries_;  // the lambda is analysed by itself
  const auto missing = missing_runs(wanted, max_run, [&](BlockIndex block) {
    return present(block) || covering(*entries, block) != nullptr;
  });
  auto next = missing.begin();
  for (BlockIndex block = wanted.first; block < wanted.end();) {
    if (next != missing.end() && next->first == block) {
      launch(parts, *next, file_size);
      block = next->end();
      ++next;
      continue;
    }
    add_part(parts, block, covering(*entries, block));
    ++block;
  }
  return parts;
}

void FlightTable::leave(const std::shared_ptr<Flight>& flight) {
  const MutexLock lock(mutex_);
  const auto entry = entries_.find(flight->run().first);
  if (entry == entries_.end() || entry->second.flight != flight) {
    return;  // finished
  }
  if (--entry->second.waiters == 0) {
    flight->abandon();
    entries_.erase(entry);
  }
}

void FlightTable::finish(const Flight& flight) {
  std::shared_ptr<Flight> last;  // dies after the lock
  const MutexLock lock(mutex_);
  const auto entry = entries_.find(flight.run().first);
  if (entry != entries_.end() && entry->second.flight.get() == &flight) {
    last = std::move(entry->second.flight);
    entries_.erase(entry);
  }
}

}  // namespace omicsfs
