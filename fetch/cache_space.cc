// SPDX-License-Identifier: MIT
#include "fetch/cache_space.h"

#include <algorithm>
#include <utility>

namespace omicsfs {

// One evicts at a time; the others wait for what that one frees. Its turn ends
// also by an exception, or nobody would ever evict again.
class CacheSpace::Turn {
 public:
  explicit Turn(CacheSpace& space) : space_(space) {}
  ~Turn() {
    {
      const MutexLock lock(space_.mutex_);
      space_.evicting_ = false;
    }
    space_.evicted_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  CacheSpace& space_;
};

namespace {

std::uint64_t latest_use_in(CacheIndex& index) {
  const auto latest = index.latest_use();
  return latest ? *latest : 0;
}

}  // namespace

CacheSpace::CacheSpace(const std::filesystem::path& dir, CacheLimits limits,
                       CacheIndex& index, Counters& counters,
                       ListOpenSpaces open_files)
    : limits_(std::move(limits)),
      index_(index),
      clock_(latest_use_in(index), limits_.now),
      evictor_(dir, index, counters, std::move(open_files)) {}

// What is left for files: the index is on the same disk and counts too, and so
// do the directories, up to 256 of them. Where some of the disk must stay free,
// the index must find the room that it may yet take beside that.
CacheLimits CacheSpace::file_limits() const {
  constexpr std::uint64_t kDirectories = std::uint64_t{1} << 20;
  const std::uint64_t others =
      index_.own_bytes() + std::min(kDirectories, limits_.limit / 64);
  CacheLimits limits = limits_;
  limits.limit -= std::min(limits.limit, others);
  limits.keep_free += limits.keep_free > 0 ? index_.growth() : 0;
  return limits;
}

Result<void> CacheSpace::reserve(const ChargedFile& file, GrantChange& change,
                                 Priority priority) {
  // Others may take what an eviction freed, hence further rounds.
  constexpr int kRounds = 32;
  const Error no_room{ErrorCode::kNoSpace,
                      "the cache has no room for " + file.key};
  for (int round = 0; round < kRounds; ++round) {
    const CacheLimits limits = file_limits();
    // Evicting everything would not do.
    const bool hopeless = change.asked > limits.limit;
    const GrantChange sent{change.returned, hopeless ? 0 : change.asked};
    const auto lacking = index_.charge(file, sent, limits);
    if (!lacking) {
      // Whatever the index failed by: room is not what it said is lacking.
      return Error{ErrorCode::kIo, lacking.error().message};
    }
    change.returned = 0;
    if (hopeless) {
      return no_room;
    }
    if (*lacking == 0) {
      return {};
    }
    if (!evict({eviction_target(*lacking, limits.limit), limits.limit,
                clock_.now(), priority, file.key})) {
      break;
    }
  }
  return no_room;
}

void CacheSpace::make_room(std::uint64_t bytes) {
  evict({bytes, file_limits().limit, clock_.now(), Priority::kDemand, {}});
}

void CacheSpace::trim() {
  const CacheLimits limits = file_limits();
  const auto lacking = index_.lacking(limits);
  if (lacking && *lacking > 0) {
    evict({*lacking, limits.limit, clock_.now(), Priority::kDemand, {}});
  }
}

// Returns whether anything may have become free. Prefetch may ask for room at
// each read of a full cache, and every search costs a look at all open files.
bool CacheSpace::evict(const EvictionOrder& order) {
  constexpr std::uint64_t kSearchAgainAfter = 20'000;
  const bool prefetch = order.priority == Priority::kPrefetch;
  if (prefetch && order.now < no_prefetch_at_ + kSearchAgainAfter) {
    return false;
  }
  {
    MutexLock lock(mutex_);
    if (evicting_) {
      evicted_.wait(lock,
                    [this]() REQUIRES_LOCK(mutex_) { return !evicting_; });
      return true;
    }
    evicting_ = true;
  }
  const Turn turn(*this);
  const std::uint64_t freed = evictor_.evict(order);
  if (prefetch && freed == 0) {
    no_prefetch_at_ = order.now;
  }
  return freed > 0;
}

}  // namespace omicsfs
