// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "fetch/digest_check.h"
#include "fetch/format_hints.h"

namespace omicsfs {
namespace {

// A read of more than this is no jump to a node of an index: 512 KiB.
constexpr std::uint64_t kJumpBlocks = 8;

// Leaves the flights of a read however it ends.
class Joined {
 public:
  Joined(FlightTable& table, const std::vector<FlightTable::Part>& parts)
      : table_(table), parts_(parts) {}
  ~Joined() {
    for (const auto& part : parts_) {
      if (part.flight != nullptr) {
        table_.leave(part.flight);
      }
    }
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

 private:
  FlightTable& table_;
  const std::vector<FlightTable::Part>& parts_;
};

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

// Belongs to the storer's thread once the flight has started.
struct CachedSource::Storing {
  std::shared_ptr<Flight> flight;
  std::shared_ptr<const Room> room;
  std::atomic<std::uint64_t> here{0};    // blocks that have come
  std::atomic<std::uint64_t> queued{0};  // of which the storer was told
  std::uint64_t stored = 0;
};

CachedSource::CachedSource(RemoteFile remote, const CacheServices& services)
    : file_(std::move(remote), services.dir, *services.counters),
      services_(services),
      space_(file_, services.space, [this] { lose_blocks(); }),
      ahead_(file_.remote().size) {}

CachedSource::~CachedSource() {
  space_.close();
  if (services_.index != nullptr && has_failed()) {
    static_cast<void>(services_.index->forget(file_.key()));
  }
}

void CachedSource::attach() {
  std::call_once(attached_, [this] {
    if (services_.index == nullptr) {
      return;
    }
    file_.attach();
    space_.attach();
    if (!file_.complete() || !file_.remote().digest || size() == 0) {
      return;
    }
    const auto verified = services_.index->verified_stamp(file_.key());
    if (verified && *verified != 0 && *verified == file_.stamp()) {
      stamp_.store(*verified, std::memory_order_release);
      check_.store(Check::kPassed, std::memory_order_release);
    } else {
      check_later();
    }
  });
}

UniqueFd CachedSource::open_whole() const {
  return verified() && !has_failed()
             ? file_.open_whole(stamp_.load(std::memory_order_acquire))
             : UniqueFd();
}

std::optional<Error> CachedSource::failure() const {
  if (!failed_.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return failure_;
}

Result<void> CachedSource::read_at(std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const ReadLimits& limits) {
  if (out.empty()) {
    return {};
  }
  if (auto failed = failure()) {
    return *failed;
  }
  const Window window{{offset, out.size()}, out, size()};
  if (auto read = read_blocks(window, limits); !read) {
    return read;
  }
  if (needs_check()) {
    if (size() > kCheckBeforeReply) {
      check_later();
    } else if (auto passed = check_before_reply(limits); !passed) {
      return passed;
    }
  }
  if (auto failed = failure()) {
    return *failed;
  }
  return {};
}

// A block that turns out damaged on disk is fetched in a further round. Each
// round gets at least one block further or finds one damaged, and a block that
// was fetched comes out of its flight, so the rounds end.
Result<void> CachedSource::read_blocks(const Window& window,
                                       const ReadLimits& limits) {
  const BlockRun wanted = blocks_of(window.range);
  // Cells that other processes have set are looked for once: a damaged block's
  // may still be on disk, where it could not be cleared.
  if (!all_present(wanted)) {
    file_.refresh(wanted);
  }
  BlockIndex next = wanted.first;
  while (next < wanted.end()) {
    auto reached = read_once(window, next, limits);
    if (!reached) {
      return reached.error();
    }
    next = *reached;
  }
  return {};
}

bool CachedSource::all_present(BlockRun run) const {
  BlockIndex block = run.first;
  while (block < run.end() && file_.present(block)) {
    ++block;
  }
  return block == run.end();
}

// Blocks that are here already may be fetched again between others where that
// takes less time than a further request.
RunLimits CachedSource::run_limits() const {
  const LinkSpeed speed =
      services_.fetcher->speed_of(file_.remote().urls.front());
  return {kMaxRunBlocks, speed.bytes_in_round_trip() / kBlockBytes};
}

std::shared_ptr<Flight> CachedSource::new_flight(BlockRun run,
                                                 FetchBudget::Share share) {
  return std::make_shared<Flight>(run, bytes_of(run, size()),
                                  *services_.buffers, std::move(share));
}

// Reads from block `from` on; returns the first block that was not read.
Result<std::uint64_t> CachedSource::read_once(const Window& window,
                                              BlockIndex from,
                                              const ReadLimits& limits) {
  const BlockRun wanted{from, blocks_of(window.range).end() - from};
  const bool first_round = from == blocks_of(window.range).first;
  if (all_present(wanted)) {
    if (first_round) {
      look_ahead(window.range, ReadAhead::Met::kPresent);
    }
    return take_present(wanted, window);
  }
  const auto parts = flights_.join(
      wanted, run_limits(),
      [this](BlockIndex block) { return file_.present(block); },
      [this](BlockRun run) {
        return new_flight(run,
                          services_.budget->take(bytes_of(run, size()).length));
      });
  const Joined joined(flights_, parts);
  for (const auto& part : parts) {
    if (part.is_new) {
      start(part.flight, room_for(part.run, Priority::kDemand));
    }
  }
  if (first_round) {
    look_ahead(window.range, ReadAhead::Met::kWait);
  }
  return take_parts(parts, window, limits);
}

// Returns the first block that was not read.
Result<BlockIndex> CachedSource::take_parts(
    const std::vector<FlightTable::Part>& parts, const Window& window,
    const ReadLimits& limits) {
  for (const auto& part : parts) {
    if (part.flight != nullptr) {
      if (auto taken = take_from_flight(part, window, limits); !taken) {
        return taken.error();
      }
      continue;
    }
    const BlockIndex reached = take_present(part.run, window);
    if (reached < part.run.end()) {
      return reached;
    }
  }
  return parts.back().run.end();
}

Result<void> CachedSource::take_from_flight(const FlightTable::Part& part,
                                            const Window& window,
                                            const ReadLimits& limits) {
  if (auto came = part.flight->wait_for(part.run.end() - 1, limits); !came) {
    return came;
  }
  for (BlockIndex block = part.run.first; block < part.run.end(); ++block) {
    window.put(block, part.flight->block_bytes(block));
    if (part.run.count <= kJumpBlocks) {
      follow_format(block, part.flight->block_bytes(block));
    }
  }
  space_.touch(part.run, Touch::kFetched);
  services_.counters->blocks_missed.fetch_add(part.run.count,
                                              std::memory_order_relaxed);
  // A small file's digest is checked when all of it is on disk.
  return digest_due() && size() <= kCheckBeforeReply
             ? part.flight->wait_settled(limits)
             : Result<void>();
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
      ahead_limits(services_.fetcher->speed_of(file_.remote().urls.front()),
                   services_.connections);
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
  if (all_present(run)) {
    return true;
  }
  const auto room = room_for(run, Priority::kPrefetch);
  if (room == nullptr) {
    return false;
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
  return !refused;
}

void CachedSource::drop_reader() {
  if (readers_.fetch_sub(1, std::memory_order_acq_rel) > 1) {
    return;
  }
  flights_.cancel_ahead();
  const MutexLock lock(ahead_mutex_);
  ahead_.reset();
}

// Null where `run` must not be stored.
std::shared_ptr<const Room> CachedSource::room_for(const BlockRun& run,
                                                   Priority priority) {
  if (services_.space == nullptr || failed_.load(std::memory_order_acquire)) {
    return nullptr;
  }
  // A disk slower than the network must not fill the memory with what waits
  // for it.
  if (services_.budget->used() > services_.budget->limit()) {
    return nullptr;
  }
  if (disk_was_full_.exchange(false)) {
    const CacheLimits& limits = services_.space->limits();
    services_.space->make_room(
        std::max(run.count * kBlockBytes, grant_step(limits.limit)));
  }
  auto room = space_.reserve(run, priority);
  if (!room || !file_.create()) {
    return nullptr;
  }
  return std::make_shared<const Room>(*std::move(room));
}

// The file is about to lose blocks; once complete again, it is checked anew.
void CachedSource::lose_blocks() {
  Check passed = Check::kPassed;
  check_.compare_exchange_strong(passed, Check::kNone);
}

// Blocks go to disk in pieces of a MiB, or when the flight ends; not at all
// where there is no room for them.
void CachedSource::start(const std::shared_ptr<Flight>& flight,
                         std::shared_ptr<const Room> room) {
  constexpr std::uint64_t kPiece = 16;
  const bool keep = room != nullptr;
  if (!keep) {
    services_.counters->reads_uncached.fetch_add(1, std::memory_order_relaxed);
  }
  auto self = shared_from_this();
  auto storing = std::make_shared<Storing>();
  storing->flight = flight;
  storing->room = std::move(room);
  flight->listen(
      [self, storing, keep](std::uint64_t count) {
        const std::uint64_t waiting = count - storing->queued;
        if (keep && waiting >= kPiece) {
          storing->queued = count;
          self->services_.storer->add(
              [self, storing, count] { self->store_arrived(*storing, count); });
        }
        storing->here = count;
      },
      [self, storing, keep](const Result<void>& result) {
        if (!result && result.error().code == ErrorCode::kChanged) {
          self->fail(result.error());
        }
        self->services_.storer->add_expected([self, storing, keep] {
          if (keep) {
            self->store_arrived(*storing, storing->here);
          }
          storing->room.reset();
          self->end_flight(*storing->flight);
          storing->flight.reset();
        });
      });
  services_.storer->expect();
  services_.fetcher->fetch(
      {file_.remote().urls, size(), flight->bytes(), file_.pin()}, flight);
}

void CachedSource::store_arrived(Storing& storing, std::uint64_t count) {
  if (failed_.load(std::memory_order_acquire) || count == storing.stored) {
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
}

void CachedSource::end_flight(Flight& flight) {
  flights_.finish(flight);
  flight.settle();
  if (needs_check() && size() > kCheckBeforeReply) {
    check_later();
  }
}

bool CachedSource::digest_due() const {
  const Check state = check_.load(std::memory_order_acquire);
  return file_.remote().digest.has_value() &&
         (state == Check::kNone || state == Check::kRunning);
}

bool CachedSource::needs_check() const {
  return file_.complete() && digest_due();
}

void CachedSource::check_later() {
  Check none = Check::kNone;
  if (!check_.compare_exchange_strong(none, Check::kRunning)) {
    return;
  }
  services_.housekeeper->add(
      [weak = weak_from_this()](const std::stop_token& stop) {
        if (const auto self = weak.lock()) {
          self->check_digest(stop);
        }
      });
}

// Whoever completes the file checks it; the others wait for the verdict.
Result<void> CachedSource::check_before_reply(const ReadLimits& limits) {
  Check none = Check::kNone;
  if (check_.compare_exchange_strong(none, Check::kRunning)) {
    check_digest(limits.stop);
    if (limits.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "the read was interrupted"};
    }
    return {};
  }
  MutexLock lock(mutex_);
  const bool settled =
      checked_.wait_until(lock, limits.stop, limits.deadline, [this] {
        return check_.load(std::memory_order_acquire) != Check::kRunning;
      });
  if (settled) {
    return {};
  }
  if (limits.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the read was interrupted"};
  }
  return Error{ErrorCode::kTimedOut, "the file's digest is being checked"};
}

// The stamp is that of before: whatever is written while the digest is computed
// changes it.
void CachedSource::check_digest(const std::stop_token& stop) {
  const std::uint64_t stamp = file_.settle() ? file_.stamp() : 0;
  switch (digest_agrees(file_, stop)) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      note_verified(stamp);
      settle_check(Check::kPassed);
      return;
    case DigestVerdict::kDiffers:
      services_.counters->digest_mismatches.fetch_add(1);
      fail({ErrorCode::kCorrupt,
            file_.remote().urls.front() +
                ": the bytes do not have the published digest " +
                to_string(*file_.remote().digest)});
      settle_check(Check::kFailed);
      return;
    case DigestVerdict::kUnknown:
      settle_check(Check::kNone);
      return;
  }
}

void CachedSource::note_verified(std::uint64_t stamp) {
  stamp_.store(stamp, std::memory_order_release);
  if (services_.index != nullptr) {
    // Not kept: it is checked again by the next session.
    static_cast<void>(services_.index->set_verified(file_.key(), stamp));
  }
}

void CachedSource::settle_check(Check outcome) {
  {
    const MutexLock lock(mutex_);
    check_.store(outcome, std::memory_order_release);
  }
  checked_.notify_all();
}

// Every read of this object fails from now on, and its files are gone: the
// next one that opens the file begins anew.
void CachedSource::fail(const Error& error) {
  {
    const MutexLock lock(mutex_);
    if (failure_) {
      return;
    }
    failure_ = error;
  }
  failed_.store(true, std::memory_order_release);
  file_.remove();
  services_.report({static_cast<std::int64_t>(std::time(nullptr)), file_.key(),
                    error.message});
}

CacheReader::CacheReader(std::shared_ptr<CachedSource> source)
    : source_(std::move(source)) {
  source_->add_reader();
}

// What the kernel reads past us is used for as long as it is open.
CacheReader::~CacheReader() {
  source_->space().note_used();
  source_->drop_reader();
}

}  // namespace omicsfs
