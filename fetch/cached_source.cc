// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

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
  // The flight by which the whole of a small file came, where it did.
  mutable std::shared_ptr<const Flight> whole_file{};

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

CachedSource::CachedSource(RemoteFile remote, const CacheServices& services,
                           std::shared_ptr<BlockOrigin> origin)
    : file_(std::move(remote), services.dir, *services.counters),
      services_(services),
      origin_(origin != nullptr ? std::move(origin) : origin_of_urls()),
      space_(file_, services.space, [this] { lose_blocks(); }),
      ahead_(file_.remote().size) {}

CachedSource::~CachedSource() {
  try {
    space_.close();
    if (services_.index != nullptr && is_spent()) {
      static_cast<void>(services_.index->forget(file_.key()));
    }
  } catch (const std::bad_alloc&) {
    // What could not be noted is found again when the file is next attached.
  }
}

std::shared_ptr<BlockOrigin> CachedSource::origin_of_urls() {
  const RemoteFile& remote = file_.remote();
  auto origin = std::make_shared<StreamedOrigin>(
      *services_.fetcher, RangeRequest{remote.urls,
                                       remote.size,
                                       {0, remote.size},
                                       file_.pin(),
                                       remote.digest.has_value()});
  stream_ = origin->stream();
  return origin;
}

void CachedSource::attach() {
  std::call_once(attached_, [this] {
    if (stream_ != nullptr && services_.space != nullptr) {
      stream_->fill_by([weak = weak_from_this()](ByteRange range) {
        if (const auto self = weak.lock()) {
          self->fill(*self->stream_, range);
        }
      });
    }
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

std::optional<Error> CachedSource::failure() {
  if (!failed_.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  const auto now = services_.verdicts.now();
  const MutexLock lock(mutex_);
  if (failure_ && now >= failure_ends_) {
    failure_.reset();
    failed_.store(false, std::memory_order_release);
  }
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
  if (window.whole_file != nullptr && digest_due()) {
    check_unkept(*window.whole_file);
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
    if (auto taken = file_.refresh(wanted); !taken) {
      fail(taken.error());
      return taken;
    }
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
  services_.backlog->wait(limits);
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
      start(part.flight, nullptr);
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
  if (!digest_due() || size() > kCheckBeforeReply) {
    return {};
  }
  // A small file's digest is checked when all of it is on disk.
  auto settled = part.flight->wait_settled(limits);
  if (part.flight->arrived() && part.flight->bytes().length == size()) {
    window.whole_file = part.flight;
  }
  return settled;
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

// Every read of this object fails from now on. Bytes that were found wrong are
// deleted. Where a server offers another version, those that are kept are still
// the catalog's: they stay, and the server is asked again after a while.
void CachedSource::fail(const Error& error) {
  const bool changed = error.code == ErrorCode::kChanged;
  const auto now = services_.verdicts.now();
  {
    const MutexLock lock(mutex_);
    if (failure_) {
      return;
    }
    failure_ = error;
    failure_ends_ = changed ? now + services_.verdicts.last : TimePoint::max();
    failed_.store(true, std::memory_order_release);
  }
  if (!changed) {
    spent_.store(true, std::memory_order_release);
    file_.remove();
  }
  services_.on_failure(file_.key(), error);
}

void CachedSource::refuse(const Error& error, TimePoint until) {
  const MutexLock lock(mutex_);
  failure_ = error;
  failure_ends_ = until;
  failed_.store(true, std::memory_order_release);
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
