// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "fetch/digest_check.h"

namespace omicsfs {
namespace {

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

CachedSource::CachedSource(RemoteFile remote, const CacheServices& services)
    : file_(std::move(remote), services.dir, *services.counters),
      services_(services) {}

CachedSource::~CachedSource() {
  const std::uint64_t bytes = file_.disk_bytes();
  if (services_.index == nullptr || bytes == 0) {
    return;
  }
  const auto settled =
      failed_.load(std::memory_order_acquire)
          ? services_.index->forget(file_.key())
          : services_.index->settle(file_.key(), size(), bytes);
  static_cast<void>(settled);  // the next charge corrects it
}

void CachedSource::attach() {
  std::call_once(attached_, [this] {
    if (services_.index == nullptr) {
      return;
    }
    file_.attach();
    if (!file_.complete() || !file_.remote().digest || size() == 0) {
      return;
    }
    const auto verified = services_.index->is_verified(file_.key());
    if (verified && *verified) {
      check_.store(Check::kPassed, std::memory_order_release);
    } else {
      check_later();
    }
  });
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
// round gets at least one block further or clears one, and a block that was
// fetched comes out of its flight, so the rounds end.
Result<void> CachedSource::read_blocks(const Window& window,
                                       const ReadLimits& limits) {
  const BlockRun wanted = blocks_of(window.range);
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

// Reads from block `from` on; returns the first block that was not read.
Result<std::uint64_t> CachedSource::read_once(const Window& window,
                                              BlockIndex from,
                                              const ReadLimits& limits) {
  const BlockRun wanted{from, blocks_of(window.range).end() - from};
  const auto present = [this](BlockIndex block) {
    return file_.present(block);
  };
  if (missing_runs(wanted, wanted.count, present).empty()) {
    return take_present(wanted, window);
  }
  file_.refresh(wanted);
  const auto parts = flights_.join(wanted, kMaxRunBlocks, size(), present);
  const Joined joined(flights_, parts);
  for (const auto& part : parts) {
    if (part.is_new) {
      start(part.flight);
    }
  }
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
  return wanted.end();
}

// Reads the blocks of `run` from disk; returns the first that was not there.
BlockIndex CachedSource::take_present(BlockRun run, const Window& window) {
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    if (!take_from_disk(block, window)) {
      return block;
    }
  }
  return run.end();
}

Result<void> CachedSource::take_from_flight(const FlightTable::Part& part,
                                            const Window& window,
                                            const ReadLimits& limits) {
  for (BlockIndex block = part.run.first; block < part.run.end(); ++block) {
    if (auto came = part.flight->wait_for(block, limits); !came) {
      return came;
    }
    window.put(block, part.flight->block_bytes(block));
  }
  services_.counters->blocks_missed.fetch_add(part.run.count,
                                              std::memory_order_relaxed);
  return {};
}

bool CachedSource::take_from_disk(BlockIndex block, const Window& window) {
  if (const auto place = window.whole(block)) {
    if (!file_.load(block, *place)) {
      return false;
    }
  } else {
    const std::uint64_t length = window.block_range(block).length;
    const auto whole = std::make_unique_for_overwrite<std::byte[]>(length);
    if (!file_.load(block, {whole.get(), length})) {
      return false;
    }
    window.put(block, {whole.get(), length});
  }
  services_.counters->blocks_hit.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool CachedSource::may_store(const BlockRun& run) {
  if (services_.space == nullptr || failed_.load(std::memory_order_acquire)) {
    return false;
  }
  const std::uint64_t bytes = run.count * kBlockBytes;
  if (disk_was_full_.exchange(false)) {
    services_.space->make_room(std::max(bytes, kGrantStep));
  }
  return charge_.reserve(*services_.space, file_, bytes).has_value() &&
         file_.create().has_value();
}

void CachedSource::start(const std::shared_ptr<Flight>& flight) {
  const bool store = may_store(flight->run());
  if (!store) {
    services_.counters->reads_uncached.fetch_add(1, std::memory_order_relaxed);
  }
  auto self = shared_from_this();
  flight->listen(
      [self, store](BlockIndex block, std::span<const std::byte> bytes) {
        if (!store || self->failed_.load(std::memory_order_acquire)) {
          return;
        }
        const auto stored = self->file_.store(block, bytes);
        if (!stored && stored.error().code == ErrorCode::kNoSpace) {
          self->disk_was_full_.store(true);
        }
      },
      [self, &flight = *flight](const Result<void>& result) {
        self->end_flight(flight, result);
      });
  services_.fetcher->fetch(
      {file_.remote().urls, size(), flight->bytes(), file_.pin()}, flight);
}

void CachedSource::end_flight(const Flight& flight,
                              const Result<void>& result) {
  if (!result && result.error().code == ErrorCode::kChanged) {
    fail(result.error());
  }
  flights_.finish(flight);
  if (needs_check() && size() > kCheckBeforeReply) {
    check_later();
  }
}

bool CachedSource::needs_check() const {
  const Check state = check_.load(std::memory_order_acquire);
  return file_.remote().digest.has_value() && file_.complete() &&
         (state == Check::kNone || state == Check::kRunning);
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

void CachedSource::check_digest(const std::stop_token& stop) {
  switch (digest_agrees(file_, stop)) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      if (services_.index != nullptr) {
        // Not kept: it is checked again by the next session.
        static_cast<void>(services_.index->set_verified(file_.key()));
      }
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

}  // namespace omicsfs
