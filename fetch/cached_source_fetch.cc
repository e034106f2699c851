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

// The turn to ask for the room of what is fetched ahead, until all that waits
// for it has been asked for, or could not be.
class CachedSource::RoomTurn {
 public:
  explicit RoomTurn(std::shared_ptr<CachedSource> source)
      : source_(std::move(source)) {}
  ~RoomTurn() {
    const MutexLock lock(source_->ahead_mutex_);
    source_->asks_room_ = false;
  }
  RoomTurn(const RoomTurn&) = delete;
  RoomTurn& operator=(const RoomTurn&) = delete;

  [[nodiscard]] CachedSource& source() const { return *source_; }

 private:
  const std::shared_ptr<CachedSource> source_;
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
      tell_unkept(room.error());
    }
    return nullptr;
  }
  if (const auto created = file_.create(); !created) {
    if (created.error().code == ErrorCode::kChanged) {
      fail(created.error());
      return nullptr;
    }
    tell_unkept(created.error());
    return nullptr;
  }
  remove_if_spent();
  return failed_.load(std::memory_order_acquire)
             ? nullptr
             : std::make_shared<const Room>(*std::move(room));
}

// A file that has failed keeps nothing any more, and that was told already.
void CachedSource::tell_unkept(const Error& error) {
  if (!failed_.load(std::memory_order_acquire)) {
    services_.on_unkept(file_.key(), error);
  }
}

// Its files may have been made again while they were dropped.
void CachedSource::remove_if_spent() {
  if (is_spent()) {
    file_.remove();
  }
}

// Room that this file has been granted and has not used, which costs no look at
// the index, no file to be made and no eviction. Null where that does not do.
std::shared_ptr<const Room> CachedSource::room_held(const BlockRun& run) {
  if (failed_.load(std::memory_order_acquire) || disk_was_full_.load() ||
      !file_.is_created()) {
    return nullptr;
  }
  auto room = space_.reserve_held(run);
  return room ? std::make_shared<const Room>(*std::move(room)) : nullptr;
}

// Whoever waits for the flight hears of its end, also where there is no memory
// to begin it.
void CachedSource::start(const std::shared_ptr<Flight>& flight,
                         std::shared_ptr<const Room> room) {
  try {
    launch(flight, std::move(room));
  } catch (const std::bad_alloc&) {
    flights_.finish(*flight);
    flight->on_done(Error{ErrorCode::kIo, "no memory"});
  }
}

// Blocks go to disk in pieces of a MiB, or when the flight ends.
void CachedSource::note_arrived(const std::shared_ptr<Storing>& storing,
                                std::uint64_t count) {
  constexpr std::uint64_t kPiece = 16;
  services_.backlog->add((count - storing->here) * kBlockBytes);
  storing->here = count;
  if (count - storing->queued < kPiece) {
    return;
  }
  storing->queued = count;
  services_.storer->add([self = shared_from_this(), storing,
                         count](const std::stop_token& /*stop*/) {
    self->store_arrived(*storing, count);
    self->settle_backlog(*storing, count);
  });
}

// Nobody joins a flight that has failed.
void CachedSource::note_ended(const Flight& flight,
                              const Result<void>& result) {
  if (result) {
    return;
  }
  if (result.error().code == ErrorCode::kChanged) {
    fail(result.error());
  }
  flights_.finish(flight);
}

// `room` is null where none was asked for yet. Throws only before the flight is
// under way.
void CachedSource::launch(const std::shared_ptr<Flight>& flight,
                          std::shared_ptr<const Room> room) {
  auto self = shared_from_this();
  auto storing = std::make_shared<Storing>();
  storing->flight = flight;
  storing->asked = room != nullptr;
  storing->room = std::move(room);
  Worker::Task finish = [self, storing](const std::stop_token& /*stop*/) {
    self->end_storing(*storing);
  };
  // The readers have their bytes from memory, and do not wait for a disk that
  // is slower than they are: what it has no time for is not kept.
  const bool kept = !services_.backlog->is_full();
  flight->listen(
      [self, storing, kept](std::uint64_t count) {
        if (kept) {
          self->note_arrived(storing, count);
        }
      },
      // Made beforehand, so that the end needs no memory.
      [self, storing, kept,
       finish = std::move(finish)](const Result<void>& result) mutable {
        self->note_ended(*storing->flight, result);
        if (kept) {
          self->services_.storer->add_expected(std::move(finish));
        } else {
          finish({});
        }
      },
      [self](BlockIndex block, std::span<const std::byte> bytes) {
        return self->file_.may_be(block, bytes);
      });
  arrivals_.fetch_add(1);
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
    tell_unkept(stored.error());
  }
}

// The last that is done with a flight's bytes besides serving them.
void CachedSource::end_storing(Storing& storing) {
  store_arrived(storing, storing.here);
  remove_if_spent();
  settle_backlog(storing, storing.here);
  storing.room.reset();
  flights_.finish(*storing.flight);
  storing.flight.reset();
  if (needs_check()) {
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
  std::vector<BlockRun> runs;
  for (const ByteRange hint :
       format_hints({block * kBlockBytes, bytes}, size())) {
    has_format_.store(true, std::memory_order_relaxed);
    runs.push_back(blocks_of(hint));
  }
  fetch_runs_ahead(runs, AheadFor::kOther);
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
  fetch_runs_ahead(runs, AheadFor::kStream);
}

void CachedSource::fetch_ahead(ByteRange range) {
  if (range.empty() || services_.space == nullptr) {
    return;
  }
  fetch_runs_ahead({blocks_of(range)}, AheadFor::kOther);
}

// A stream asks for the run again later.
void CachedSource::refuse_ahead(BlockRun run, AheadFor whom) {
  if (whom == AheadFor::kOther) {
    return;
  }
  const MutexLock lock(ahead_mutex_);
  ahead_.refused(run);
}

// Within room that the file holds, at once: the caller is a reader. Room that
// must be asked for waits for the index and for evictions: the prefetcher asks.
void CachedSource::fetch_runs_ahead(const std::vector<BlockRun>& runs,
                                    AheadFor whom) {
  std::size_t done = 0;
  for (; done < runs.size(); ++done) {
    const BlockRun run = runs[done];
    if (all_present(run)) {
      continue;
    }
    if (services_.backlog->is_full()) {
      refuse_ahead(run, whom);
      return;
    }
    auto room = room_held(run);
    if (room == nullptr) {
      break;
    }
    if (!fetch_within(room, run)) {
      refuse_ahead(run, whom);
      return;
    }
  }
  if (done == runs.size()) {
    return;
  }
  ask_later(std::span(runs).subspan(done), whom);
}

// One task a file asks for the room of one run after another; a few runs may
// wait for it.
void CachedSource::ask_later(std::span<const BlockRun> runs, AheadFor whom) {
  constexpr std::size_t kMostWaiting = 64;
  {
    const MutexLock lock(ahead_mutex_);
    if (await_room_.size() + runs.size() > kMostWaiting) {
      if (whom == AheadFor::kStream) {
        ahead_.refused(runs.front());
      }
      return;
    }
    for (const BlockRun run : runs) {
      await_room_.push_back({run, whom, closes_.load()});
    }
    if (asks_room_) {
      return;
    }
    asks_room_ = true;
  }
  const auto turn = std::make_shared<RoomTurn>(shared_from_this());
  services_.prefetcher->add([turn](const std::stop_token& stop) {
    while (!stop.stop_requested() && turn->source().ask_room_and_fetch()) {
    }
  });
}

// For the first run that waits; false where none does. Where there is no room,
// there is none for those behind it: what cannot be kept would be fetched
// twice.
bool CachedSource::ask_room_and_fetch() {
  AwaitsRoom next;
  {
    const MutexLock lock(ahead_mutex_);
    if (await_room_.empty()) {
      asks_room_ = false;
      return false;
    }
    next = await_room_.front();
    await_room_.pop_front();
  }
  // Else nobody reads any more what asked for it.
  if (next.closes != closes_.load() || all_present(next.run)) {
    return true;
  }
  if (ask_ahead(next.run) != Ahead::kTaken) {
    refuse_ahead(next.run, next.whom);
    const MutexLock lock(ahead_mutex_);
    await_room_.clear();
  }
  return true;
}

// What a stream of the whole file is about to bring, and nobody has asked for.
// The prefetcher's thread asks, so that the transport's waits for no disk.
void CachedSource::fill(
    const std::shared_ptr<WholeStream::Question>& question) {
  const bool is_left = had_readers_.load(std::memory_order_relaxed) &&
                       readers_.load(std::memory_order_relaxed) == 0;
  if (is_left) {
    question->answer(WholeStream::Fill::kNever);
    return;
  }
  services_.prefetcher->add(
      [self = shared_from_this(), question](const std::stop_token& /*stop*/) {
        switch (self->ask_ahead(blocks_of(question->range()))) {
          case Ahead::kTaken:
            question->answer(WholeStream::Fill::kTaken);
            break;
          case Ahead::kNoMemory:
            question->answer(WholeStream::Fill::kLater);
            break;
          case Ahead::kNoRoom:
            question->answer(WholeStream::Fill::kNever);
            break;
        }
      });
}

// What cannot be kept would be fetched twice.
CachedSource::Ahead CachedSource::ask_ahead(BlockRun run) {
  if (all_present(run)) {
    return Ahead::kTaken;
  }
  if (services_.backlog->is_full()) {
    return Ahead::kNoMemory;
  }
  auto room = room_for(run, Priority::kPrefetch);
  if (room == nullptr) {
    return Ahead::kNoRoom;
  }
  return fetch_within(room, run) ? Ahead::kTaken : Ahead::kNoMemory;
}

// False where there is no memory for all of it.
bool CachedSource::fetch_within(const std::shared_ptr<const Room>& room,
                                BlockRun run) {
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
  return !refused;
}

void CachedSource::drop_reader() {
  if (readers_.fetch_sub(1, std::memory_order_acq_rel) > 1) {
    return;
  }
  closes_.fetch_add(1);
  flights_.cancel_ahead();
  const MutexLock lock(ahead_mutex_);
  ahead_.reset();
}

}  // namespace omicsfs
