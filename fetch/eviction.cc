// SPDX-License-Identifier: MIT
#include "fetch/eviction.h"

#include <algorithm>
#include <utility>

namespace omicsfs {
namespace {

// How far a + b passes c, without overflow.
std::uint64_t excess(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  if (a > c) {
    const std::uint64_t over = a - c;
    return over > UINT64_MAX - b ? UINT64_MAX : over + b;
  }
  return b > c - a ? b - (c - a) : 0;
}

}  // namespace

std::uint64_t deficit(const SpaceState& state, std::uint64_t wanted) {
  return std::max(excess(state.used, wanted, state.limit),
                  excess(state.keep_free, wanted, state.disk_free));
}

std::uint64_t eviction_target(std::uint64_t deficit_bytes,
                              std::uint64_t limit) {
  constexpr std::uint64_t kMaxSlack = std::uint64_t{1} << 30;
  if (deficit_bytes == 0) {
    return 0;
  }
  const std::uint64_t slack = std::min(limit / 20, kMaxSlack);
  return deficit_bytes > UINT64_MAX - slack ? UINT64_MAX
                                            : deficit_bytes + slack;
}

std::uint64_t charge_of(std::uint64_t disk_bytes) {
  constexpr std::uint64_t kNoList = std::uint64_t{256} << 10;
  constexpr std::uint64_t kListPage = 4096;
  // 12 bytes an extent of 64 KiB at the shortest, in pages half full.
  constexpr std::uint64_t kBytesPerListByte = 2048;
  return disk_bytes <= kNoList
             ? disk_bytes
             : disk_bytes + kListPage + disk_bytes / kBytesPerListByte;
}

std::uint64_t grant_step(std::uint64_t limit) {
  constexpr std::uint64_t kMost = std::uint64_t{8} << 20;
  return std::min(limit / 64, kMost);
}

namespace {

// Takes from a queue in turn.
class Cursor {
 public:
  explicit Cursor(const VictimQueue& queue) : queue_(queue) {}
  [[nodiscard]] bool empty() const {
    return next_ == queue_.oldest_first.size();
  }
  // There is one, but it is not here.
  [[nodiscard]] bool must_look() const { return empty() && queue_.has_more; }
  const Victim& take() { return queue_.oldest_first[next_++]; }

 private:
  const VictimQueue& queue_;
  std::size_t next_ = 0;
};

// What is taken from next: hot data where it is not spared, or alone is left.
Cursor& next_queue(Cursor& cold, Cursor& ahead, Cursor& hot, bool spare_hot) {
  for (Cursor* const queue : {&cold, &ahead}) {
    if (spare_hot && (!queue->empty() || queue->must_look())) {
      return *queue;
    }
  }
  return hot;
}

}  // namespace

std::vector<Victim> choose_victims(const VictimQueues& queues,
                                   EvictionNeed need) {
  Cursor cold(queues.cold);
  Cursor ahead(queues.ahead);
  Cursor hot(queues.hot);
  std::vector<Victim> chosen;
  std::uint64_t freed = 0;
  while (freed < need.bytes) {
    const bool hot_is_left = !hot.empty() || hot.must_look();
    const bool spare_hot = need.cold_bytes > need.limit / 4 || !hot_is_left;
    Cursor& from = next_queue(cold, ahead, hot, spare_hot);
    const bool takes_hot = &from == &hot;
    const bool can_wait =
        spare_hot && takes_hot && need.busy_bytes >= need.bytes - freed;
    if (from.empty() || can_wait) {
      break;
    }
    chosen.push_back(from.take());
    const std::uint64_t bytes = chosen.back().bytes;
    freed += bytes;
    if (!takes_hot) {
      need.cold_bytes -= std::min(need.cold_bytes, bytes);
    }
  }
  return chosen;
}

ColdKind cold_kind(const ColdUse& use, Priority priority) {
  constexpr std::uint64_t kOld = 60'000'000;
  if (use.age_us >= kOld) {
    return ColdKind::kCold;
  }
  if (priority == Priority::kPrefetch) {
    return use.read && use.of_who_asks ? ColdKind::kCold : ColdKind::kStays;
  }
  return use.read ? ColdKind::kCold : ColdKind::kAhead;
}

namespace {

bool is_older(const Victim& a, const Victim& b) {
  return a.last_use < b.last_use;
}

}  // namespace

void OldestVictims::add(const Victim& victim) {
  if (heap_.size() == capacity_) {
    has_more_ = true;
    if (heap_.empty() || !is_older(victim, heap_.front())) {
      return;
    }
    std::pop_heap(heap_.begin(), heap_.end(), is_older);
    heap_.pop_back();
  }
  heap_.push_back(victim);
  std::push_heap(heap_.begin(), heap_.end(), is_older);
}

VictimQueue OldestVictims::take() {
  std::sort_heap(heap_.begin(), heap_.end(), is_older);
  return {std::exchange(heap_, {}), std::exchange(has_more_, false)};
}

}  // namespace omicsfs
