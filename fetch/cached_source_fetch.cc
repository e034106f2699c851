// SPDX-License-Identifier: MIT
#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "fetch/cached_source.h"
#include "fetch/format_hints.h"

// How the blocks of a file come: what is fetched, for whom, and its way to the
// disk.

namespace omicsfs {

// How far a flight's blocks are on disk. `here` and `queued` are set by the
// transport's thread, the rest belongs to the storer's once the flight began.
struct CachedSource::Storing {
  std::shared_ptr<Flight> flight;
  // Asked for by the storer, so that no reader waits for it, unless what is
  // fetched ahead had to have it first. Null and asked for: there is none.
  std::shared_ptr<const Room> room;
  bool asked = false;
  std::atomic<std::uint64_t> here{0};    // blocks that have come
  std::atomic<std::uint64_t> queued{0};  // of which the storer was told
  std::uint64_t stored = 0;
  std::uint64_t settled = 0;  // of `here`, what waits for the disk no more
};

// Blocks that are here already may be fetched again between others where that
// takes less time than a further request.
RunLimits CachedSource::run_limits() const {
  return {kMaxRunBlocks, origin_->speed().bytes_in_round_trip() / kBlockBytes};
}

std::shared_ptr<Flight> CachedSource::new_flight(BlockRun run,
                                                 FetchBudget::Share share) {
  return std::make_shared<Flight>(run, bytes_of(run, size()),
                                  *services_.buffers, std::move(share));
}

// Null where `run` must not be stored.
std::shared_ptr<const Room> CachedSource::room_for(const BlockRun& run,
                                                   Priority priority) {
  if (services_.space == nullptr || failed_.load(std::memory_order_acquire)) {
    return nullptr;
  }
  if (disk_was_full_.exchange(false)) {
    const CacheLimits& limits = services_.space->limits();
    services_.space->make_room(
        std::max(run.count * kBlockBytes, grant_step(limits.limit)));
  }
  auto room = space_.reserve(run, priority);
  if (!room) {
    if (room.error().code != ErrorCode::kNoSpace) {
      services_.on_unkept(file_.key(), room.error());
    }
    return nullptr;
  }
  if (const auto created = file_.create(); !created) {
    if (created.error().code == ErrorCode::kChanged) {
      fail(created.error());
      return nullptr;
    }
    services_.on_unkept(file_.key(), created.error());
    return nullptr;
  }
  return std::make_shared<const Room>(*std::move(room));
}

// Blocks go to disk in pieces of a MiB, or when the flight ends. `room` is null
// where none was asked for yet.
void CachedSource::start(const std::shared_ptr<Flight>& flight,
                         std::shared_ptr<const Room> room) {
  constexpr std::uint64_t kPiece = 16;
  auto self = shared_from_this();
  auto storing = std::make_shared<Storing>();
  storing->flight = flight;
  storing->asked = room != nullptr;
  storing->room = std::move(room);
  Worker::Task finish = [self, storing](const std::stop_token& /*stop*/) {
    self->store_arrived(*storing, storing->here);
    self->settle_backlog(*storing, storing->here);
    storing->room.reset();
    self->end_flight(*storing->flight);
    storing->flight.reset();
  };
  // It must not wait for such a disk either, to give back its memory.
  const bool kept = !services_.backlog->is_given_up();
  flight->listen(
      [self, storing, kept](std::uint64_t count) {
        if (!kept) {
          return;
        }
        self->services_.backlog->add((count - storing->here) * kBlockBytes);
        storing->here = count;
        if (count - storing->queued >= kPiece) {
          storing->queued = count;
          self->services_.storer->add(
              [self, storing, count](const std::stop_token& /*stop*/) {
                self->store_arrived(*storing, count);
                self->settle_backlog(*storing, count);
              });
        }
      },
      // Made beforehand, so that the end needs no memory.
      [self, kept,
       finish = std::move(finish)](const Result<void>& result) mutable {
        if (!result && result.error().code == ErrorCode::kChanged) {
          self->fail(result.error());
        }
        if (kept) {
          self->services_.storer->add_expected(std::move(finish));
        } else {
          finish({});
        }
      });
  if (kept) {
    services_.storer->expect();
  } else {
    services_.counters->reads_uncached.fetch_add(1, std::memory_order_relaxed);
  }
  try {
    auto ask_again = origin_->fetch(flight->bytes(), flight);
    if (const auto late = origin_->late_after()) {
      flight->hedge(*late, std::move(ask_again));
    }
  } catch (const std::bad_alloc&) {
    flight->on_done(Error{ErrorCode::kIo, "no memory"});
  }
}

bool CachedSource::has_room(Storing& storing) {
  if (!storing.asked) {
    storing.asked = true;
    storing.room = room_for(storing.flight->run(), Priority::kDemand);
    if (storing.room == nullptr) {
      services_.counters->reads_uncached.fetch_add(1,
                                                   std::memory_order_relaxed);
    }
  }
  return storing.room != nullptr;
}

// Without memory nothing is kept, and what was not is fetched again.
void CachedSource::store_arrived(Storing& storing, std::uint64_t count) {
  try {
    store(storing, count);
  } catch (const std::bad_alloc&) {
    services_.counters->reads_uncached.fetch_add(1, std::memory_order_relaxed);
  }
}

// Whether or not they could be stored.
void CachedSource::settle_backlog(Storing& storing, std::uint64_t count) {
  services_.backlog->drop((count - storing.settled) * kBlockBytes);
  storing.settled = count;
}

void CachedSource::store(Storing& storing, std::uint64_t count) {
  if (failed_.load(std::memory_order_acquire) || count == storing.stored ||
      !has_room(storing)) {
    return;
  }
  const BlockRun run{storing.flight->run().first + storing.stored,
                     count - storing.stored};
  std::vector<std::span<const std::byte>> blocks;
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    blocks.push_back(storing.flight->block_bytes(block));
  }
  storing.stored = count;
  const auto stored = file_.store(run, blocks);
  if (!stored && stored.error().code == ErrorCode::kNoSpace) {
    disk_was_full_.store(true);
  }
  if (!stored && stored.error().code == ErrorCode::kChanged) {
    fail(stored.error());
  } else if (!stored) {
    services_.on_unkept(file_.key(), stored.error());
  }
}

// Of a small file, whoever waits for the flight's end checks it.
void CachedSource::end_flight(Flight& flight) {
  flights_.finish(flight);
  const bool reader_checks = flight.urgent() && size() <= kCheckBeforeReply;
  flight.settle();
  if (!reader_checks && needs_check()) {
    check_later();
  }
}

// A reader that jumps by an index is told by the bytes of the index.
void CachedSource::follow_format(BlockIndex block,
                                 std::span<const std::byte> bytes) {
  if (file_.complete() || services_.space == nullptr ||
      last_followed_.exchange(block, std::memory_order_relaxed) == block) {
    return;
  }
  for (const ByteRange hint :
       format_hints({block * kBlockBytes, bytes}, size())) {
    has_format_.store(true, std::memory_order_relaxed);
    if (!fetch_run_ahead(blocks_of(hint))) {
      return;
    }
  }
}

// What the readers of this file are likely to ask for next.
void CachedSource::look_ahead(ByteRange read, ReadAhead::Met met) {
  if (file_.complete() || services_.space == nullptr) {
    return;
  }
  const AheadLimits limits =
      ahead_limits(origin_->speed(), services_.connections);
  std::vector<BlockRun> runs;
  {
    const MutexLock lock(ahead_mutex_);
    runs = ahead_.observe(read, met, limits);
  }
  for (const BlockRun run : runs) {
    if (!fetch_run_ahead(run)) {
      const MutexLock lock(ahead_mutex_);
      ahead_.refused(run);
      return;
    }
  }
}

void CachedSource::fetch_ahead(ByteRange range) {
  if (range.empty() || services_.space == nullptr) {
    return;
  }
  static_cast<void>(fetch_run_ahead(blocks_of(range)));
}

// False where there is no memory or no disk for it: what cannot be kept would
// be fetched twice.
bool CachedSource::fetch_run_ahead(BlockRun run) {
  return ask_ahead(run) == Ahead::kTaken;
}

// What a stream of the whole file is about to bring, and nobody has asked for.
// The storer's thread asks, so that the transport's waits for no disk.
void CachedSource::fill(WholeStream& stream, ByteRange range) {
  const bool is_left = had_readers_.load(std::memory_order_relaxed) &&
                       readers_.load(std::memory_order_relaxed) == 0;
  if (is_left) {
    stream.filled(range, WholeStream::Fill::kNever);
    return;
  }
  services_.storer->add(
      [self = shared_from_this(), range](const std::stop_token& /*stop*/) {
        auto outcome = WholeStream::Fill::kNever;
        switch (self->ask_ahead(blocks_of(range))) {
          case Ahead::kTaken:
            outcome = WholeStream::Fill::kTaken;
            break;
          case Ahead::kNoMemory:
            outcome = WholeStream::Fill::kLater;
            break;
          case Ahead::kNoRoom:
            break;
        }
        self->stream_->filled(range, outcome);
      });
}

CachedSource::Ahead CachedSource::ask_ahead(BlockRun run) {
  if (all_present(run)) {
    return Ahead::kTaken;
  }
  if (services_.backlog->is_full()) {
    return Ahead::kNoMemory;
  }
  const auto room = room_for(run, Priority::kPrefetch);
  if (room == nullptr) {
    return Ahead::kNoRoom;
  }
  bool refused = false;
  const auto flights = flights_.fetch_ahead(
      run, run_limits(),
      [this](BlockIndex block) { return file_.present(block); },
      [&](BlockRun part) -> std::shared_ptr<Flight> {
        auto share = services_.budget->try_take(bytes_of(part, size()).length);
        refused = !share.granted();
        return refused ? nullptr : new_flight(part, std::move(share));
      });
  for (const auto& flight : flights) {
    start(flight, room);
    space_.touch(flight->run(), Touch::kAhead);
  }
  return refused ? Ahead::kNoMemory : Ahead::kTaken;
}

void CachedSource::drop_reader() {
  if (readers_.fetch_sub(1, std::memory_order_acq_rel) > 1) {
    return;
  }
  flights_.cancel_ahead();
  const MutexLock lock(ahead_mutex_);
  ahead_.reset();
}

}  // namespace omicsfs
