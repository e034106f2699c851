// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "fetch/cached_source.h"

// How a read of a cached file goes: blocks from the disk, blocks from flights,
// and the file's digest before the read that completes a small one.

namespace omicsfs {
namespace {

// A read of more than this is no jump to a node of an index: 512 KiB.
constexpr std::uint64_t kJumpBlocks = 8;

}  // namespace

// The bytes that a read wants, and where they go.
struct CachedSource::Window {
  ByteRange range;
  std::span<std::byte> out;
  std::uint64_t file_size;

  [[nodiscard]] ByteRange block_range(BlockIndex block) const {
    return bytes_of({block, 1}, file_size);
  }
  // Where a block lies whole within the window: its place in `out`.
  [[nodiscard]] std::optional<std::span<std::byte>> whole(
      BlockIndex block) const {
    const ByteRange bytes = block_range(block);
    if (bytes.offset < range.offset || bytes.end() > range.end()) {
      return std::nullopt;
    }
    return out.subspan(bytes.offset - range.offset, bytes.length);
  }
  // Copies of a block what the window wants of it.
  void put(BlockIndex block, std::span<const std::byte> bytes) const {
    const ByteRange have = block_range(block);
    const std::uint64_t from = std::max(have.offset, range.offset);
    const std::uint64_t to = std::min(have.end(), range.end());
    std::memcpy(out.data() + (from - range.offset),
                bytes.data() + (from - have.offset), to - from);
  }
};

// Its parts cover what it reads, in order. It waits for its flights, then
// copies all of it. A block that turns out damaged on disk, or that was
// evicted, makes a further round, in which the parts from there on are made
// anew: each round takes at least one block more from a flight, which keeps it,
// so the rounds end.
class CachedSource::BlockReading final : public Reading {
 public:
  // REQUIRES: `range` is not empty and lies within the file.
  BlockReading(CachedSource& source, ByteRange range)
      : source_(source), range_(range), wanted_(blocks_of(range)) {}
  ~BlockReading() override {
    leave(parts_);
    leave(dropped_);
  }

  std::optional<Result<void>> poll(std::span<std::byte> out,
                                   const ReadLimits& limits,
                                   const WakerPointer& waker) override {
    wake_at_ = TimePoint::max();
    if (auto failed = source_.failure_of_all()) {
      return *std::move(failed);
    }
    const Window window{range_, out, source_.size()};
    auto fetched = fetch(window, limits, waker);
    if (fetched) {
      source_.drop_stale_check();
    }
    if (!fetched || !*fetched) {
      return fetched;
    }
    return source_.check_before_reply(parts_, waker);
  }
  [[nodiscard]] TimePoint wake_at() const override { return wake_at_; }

 private:
  // Brings all blocks into the window.
  std::optional<Result<void>> fetch(const Window& window,
                                    const ReadLimits& limits,
                                    const WakerPointer& waker) {
    if (auto ended = begin(window, limits)) {
      return ended;
    }
    for (;;) {
      if (auto waits = await_flights(waker); !waits || !*waits) {
        if (!waits || !may_ask_again()) {
          return waits;
        }
        join_again(parts_[awaited_].run.first);
        continue;
      }
      const BlockIndex reached = copy(window);
      if (reached == wanted_.end()) {
        note_fetched();
        return Result<void>();
      }
      if (auto failed = source_.failure()) {
        return *std::move(failed);
      }
      join_again(reached);
    }
  }

  // Joins the flights of what is not at hand. Returns the outcome of a read
  // that has ended.
  std::optional<Result<void>> begin(const Window& window,
                                    const ReadLimits& limits) {
    if (!parts_.empty()) {
      return std::nullopt;
    }
    const auto present = take_all_present(window);
    if (!present || *present) {
      return present ? Result<void>() : present.error();
    }
    if (auto failed = source_.failure()) {
      return *std::move(failed);
    }
    if (auto ended = wait_ended(limits)) {
      return *std::move(ended);  // it would wait for nothing
    }
    join(wanted_);
    look_ahead(ReadAhead::Met::kWait);
    return std::nullopt;
  }

  Result<bool> take_all_present(const Window& window) {
    // Cells that other processes have set are looked for once: a damaged
    // block's may still be on disk, where it could not be cleared.
    if (!source_.all_present(wanted_)) {
      if (auto taken = source_.file_.refresh(wanted_); !taken) {
        source_.fail(taken.error());
        return taken.error();
      }
    }
    if (!source_.all_present(wanted_)) {
      return false;
    }
    look_ahead(ReadAhead::Met::kPresent);
    return source_.take_present(wanted_, window) == wanted_.end();
  }

  void join(BlockRun run) {
    parts_.reserve(parts_.size() + run.count);  // what is joined is kept
    for (FlightTable::Part& part : source_.join(run)) {
      parts_.push_back(std::move(part));
      if (parts_.back().is_new) {
        source_.start(parts_.back().flight, nullptr);
      }
    }
  }

  // From `block` on, which lies in a part that was thought present. The flights
  // of the parts that go are left at the end: they may be joined again.
  void join_again(BlockIndex block) {
    const auto part = std::find_if(
        parts_.begin(), parts_.end(),
        [block](const auto& one) { return block < one.run.end(); });
    part->run.count = block - part->run.first;
    const auto rest = part->run.count > 0 ? std::next(part) : part;
    dropped_.insert(dropped_.end(), std::make_move_iterator(rest),
                    std::make_move_iterator(parts_.end()));
    parts_.erase(rest, parts_.end());
    awaited_ = std::min(awaited_, parts_.size());
    join({block, wanted_.end() - block});
  }

  void leave(const std::vector<FlightTable::Part>& parts) {
    for (const FlightTable::Part& part : parts) {
      if (part.flight != nullptr) {
        source_.flights_.leave(part.flight);
      }
    }
  }

  // Once a read, however many rounds it has.
  void look_ahead(ReadAhead::Met met) {
    if (!std::exchange(has_looked_ahead_, true)) {
      source_.look_ahead(range_, met);
    }
  }

  // Success: each flight has brought its part.
  std::optional<Result<void>> await_flights(const WakerPointer& waker) {
    for (; awaited_ < parts_.size(); ++awaited_) {
      const FlightTable::Part& part = parts_[awaited_];
      if (part.flight == nullptr) {
        continue;
      }
      const auto answer = part.flight->poll(part.run.end() - 1, waker);
      if (!answer.outcome || !*answer.outcome) {
        wake_at_ = answer.ask_at;
        return answer.outcome;
      }
    }
    return Result<void>();
  }

  // A block came that is not what was verified. It is asked for once more: the
  // way here may have damaged it.
  bool may_ask_again() {
    return parts_[awaited_].flight->was_damaged() &&
           !std::exchange(has_asked_again_, true);
  }

  // Returns the first block that was not there.
  BlockIndex copy(const Window& window) {
    for (const FlightTable::Part& part : parts_) {
      if (part.flight == nullptr) {
        const BlockIndex reached = source_.take_present(part.run, window);
        if (reached < part.run.end()) {
          return reached;
        }
        continue;
      }
      for (BlockIndex block = part.run.first; block < part.run.end(); ++block) {
        window.put(block, part.flight->block_bytes(block));
      }
    }
    return wanted_.end();
  }

  // Once, although the read may then wait for the digest.
  void note_fetched() {
    if (std::exchange(is_noted_, true)) {
      return;
    }
    for (const FlightTable::Part& part : parts_) {
      if (part.flight != nullptr) {
        source_.note_fetched(part, part.run.count <= kJumpBlocks);
      }
    }
  }

  CachedSource& source_;
  const ByteRange range_;
  const BlockRun wanted_;
  std::vector<FlightTable::Part> parts_;
  std::vector<FlightTable::Part> dropped_;  // their flights are still held
  bool has_looked_ahead_ = false;
  bool is_noted_ = false;
  bool has_asked_again_ = false;
  std::size_t awaited_ = 0;  // the first part that may still be on its way
  TimePoint wake_at_ = TimePoint::max();
};

Result<void> CachedSource::read_at(std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const ReadLimits& limits) {
  if (out.empty()) {
    return {};
  }
  BlockReading reading(*this, {offset, out.size()});
  return finish(reading, out, limits);
}

std::unique_ptr<Reading> CachedSource::begin_read(ByteRange range) {
  return range.empty() ? ByteSource::begin_read(range)
                       : std::make_unique<BlockReading>(*this, range);
}

std::vector<FlightTable::Part> CachedSource::join(BlockRun run) {
  return flights_.join(
      run, run_limits(),
      [this](BlockIndex block) { return file_.present(block); },
      [this](BlockRun missing) {
        return new_flight(
            missing, services_.budget->take(bytes_of(missing, size()).length));
      });
}

// The part came by a flight. Where it is a jump, its bytes may tell the next.
void CachedSource::note_fetched(const FlightTable::Part& part, bool is_jump) {
  space_.touch(part.run, Touch::kFetched);
  services_.counters->blocks_missed.fetch_add(part.run.count,
                                              std::memory_order_relaxed);
  for (BlockIndex block = part.run.first; is_jump && block < part.run.end();
       ++block) {
    follow_format(block, part.flight->block_bytes(block));
  }
}

// Reads the blocks of `run` from disk; returns the first that was not there.
BlockIndex CachedSource::take_present(BlockRun run, const Window& window) {
  BlockIndex block = run.first;
  while (block < run.end()) {
    const BlockIndex reached = window.whole(block)
                                   ? take_whole(block, run.end(), window)
                                   : take_part(block, window);
    if (reached == block) {
      break;
    }
    space_.touch({block, reached - block}, Touch::kHit);
    services_.counters->blocks_hit.fetch_add(reached - block,
                                             std::memory_order_relaxed);
    block = reached;
  }
  return block;
}

// The blocks from `block` on that lie whole within the window, in one read.
BlockIndex CachedSource::take_whole(BlockIndex block, BlockIndex end,
                                    const Window& window) {
  BlockRun run{block, end - block};
  if (!window.whole(run.end() - 1)) {
    --run.count;
  }
  const ByteRange bytes = bytes_of(run, size());
  return file_.load(run, window.out.subspan(bytes.offset - window.range.offset,
                                            bytes.length));
}

// A block of which the window wants a part: read whole, for its CRC.
BlockIndex CachedSource::take_part(BlockIndex block, const Window& window) {
  const auto whole = services_.buffers->take();
  const std::span<std::byte> out(whole.get(),
                                 bytes_of({block, 1}, size()).length);
  const BlockIndex reached = file_.load({block, 1}, out);
  if (reached > block) {
    window.put(block, out);
    if (has_format_.load(std::memory_order_relaxed)) {
      follow_format(block, out);
    }
  }
  return reached;
}

}  // namespace omicsfs
