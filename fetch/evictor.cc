// SPDX-License-Identifier: MIT
#include "fetch/evictor.h"

#include <algorithm>
#include <map>
#include <utility>

#include "fetch/cached_file.h"
#include "fetch/file_space.h"

namespace omicsfs {
namespace {

// Enough for the largest eviction in one survey: 1 GiB in extents of 1 MiB.
constexpr std::size_t kMaxVictims = 2048;
constexpr std::size_t kMaxClosed = 256;

// Leaves to a queue those used no later than `last_use`.
void cut(VictimQueue& queue, std::uint64_t last_use) {
  auto& victims = queue.oldest_first;
  const auto first_later = std::find_if(
      victims.begin(), victims.end(),
      [&](const Victim& victim) { return victim.last_use > last_use; });
  victims.erase(first_later, victims.end());
  queue.has_more = true;
}

// Whether a closed file that is not hot must not go for who asks.
bool stays(const FileUse& use, const EvictionOrder& order) {
  const std::uint64_t age = order.now - std::min(order.now, use.last_use);
  return cold_kind({age, true, false}, order.priority) == ColdKind::kStays;
}

}  // namespace

// What a survey found. Victim::file counts the open files, then the closed.
struct Evictor::Candidates {
  OpenSpaces open;
  Keys open_keys;
  std::vector<IndexedFile> closed;
  SpaceSurvey found;
  VictimQueues queues;
  // Where the search for closed files ended short, by heat.
  std::map<Heat, std::uint64_t> ends_at;

  void add_closed(const IndexedFile& file) {
    (file.use.hot ? found.hot : found.cold)
        .add({open.size() + closed.size(), 0, file.charged, file.use.last_use});
    closed.push_back(file);
  }
};

Evictor::Evictor(std::filesystem::path dir, CacheIndex& index,
                 Counters& counters, ListOpenSpaces open_files)
    : dir_(std::move(dir)),
      index_(index),
      counters_(counters),
      open_files_(std::move(open_files)) {}

std::uint64_t Evictor::evict(const EvictionOrder& order) {
  // Each round frees something or passes a file by; a bound all the same.
  constexpr int kRounds = 64;
  Keys passed;
  std::uint64_t freed = 0;
  for (int round = 0; round < kRounds && freed < order.bytes; ++round) {
    const Candidates candidates = survey(order, passed);
    const auto shares = index_.shares();
    if (!shares) {
      break;
    }
    const std::uint64_t all = shares->on_disk + shares->granted;
    const std::uint64_t closed_hot =
        shares->hot - std::min(shares->hot, candidates.found.counted_hot_bytes);
    const std::uint64_t hot = closed_hot + candidates.found.hot_bytes;
    const auto victims = choose_victims(
        candidates.queues, {order.bytes - freed, all - std::min(all, hot),
                            order.limit, candidates.found.busy_bytes});
    if (victims.empty()) {
      break;
    }
    freed += carry_out(candidates, victims, passed);
  }
  return freed;
}

Evictor::Candidates Evictor::survey(const EvictionOrder& order,
                                    const Keys& passed) {
  Candidates all{open_files_(),
                 {},
                 {},
                 {order.priority, order.now, OldestVictims(kMaxVictims),
                  OldestVictims(kMaxVictims), OldestVictims(kMaxVictims)},
                 {},
                 {}};
  for (std::size_t i = 0; i < all.open.size(); ++i) {
    const std::string& key = all.open[i]->key();
    all.open_keys.insert(key);
    if (!passed.contains(key)) {
      all.open[i]->survey(all.found, i,
                          key == order.for_file ? FileSpace::Asker::kThisFile
                                                : FileSpace::Asker::kOther);
    }
  }
  survey_closed(all, order, Heat::kCold, passed);
  all.queues.cold = all.found.cold.take();
  if (all.ends_at.contains(Heat::kCold)) {
    cut(all.queues.cold, all.ends_at[Heat::kCold]);
  }
  all.queues.ahead = all.found.ahead.take();
  if (order.priority == Priority::kDemand) {
    survey_closed(all, order, Heat::kHot, passed);
    all.queues.hot = all.found.hot.take();
    if (all.ends_at.contains(Heat::kHot)) {
      cut(all.queues.hot, all.ends_at[Heat::kHot]);
    }
  }
  return all;
}

// False where `page.enough` have been found.
bool Evictor::enter_closed(Candidates& all, const IndexedFile& file,
                           const Keys& passed, const ClosedPage& page) {
  if (!all.open_keys.contains(file.key) && !passed.contains(file.key)) {
    all.add_closed(file);
  }
  if (all.closed.size() < page.enough) {
    return true;
  }
  all.ends_at[page.heat] = file.use.last_use;
  return false;
}

// By pages, until enough are found that may be removed.
void Evictor::survey_closed(Candidates& all, const EvictionOrder& order,
                            Heat heat, const Keys& passed) {
  const std::size_t enough = all.closed.size() + kMaxClosed;
  UseCursor after;
  for (;;) {
    const auto files = index_.least_recent(heat, after, kMaxClosed);
    if (!files || files->empty()) {
      return;
    }
    for (const IndexedFile& file : *files) {
      const bool last = heat == Heat::kCold && stays(file.use, order);
      if (last || !enter_closed(all, file, passed, {heat, enough})) {
        return;  // those that follow were used later still, or it is enough
      }
    }
    after = {files->back().use.last_use, files->back().key};
  }
}

std::uint64_t Evictor::carry_out(const Candidates& candidates,
                                 const std::vector<Victim>& victims,
                                 Keys& passed) {
  std::uint64_t freed = 0;
  std::map<std::size_t, std::vector<ExtentIndex>> extents;
  for (const Victim& victim : victims) {
    if (victim.file < candidates.open.size()) {
      extents[victim.file].push_back(victim.extent);
      continue;
    }
    const IndexedFile& file =
        candidates.closed[victim.file - candidates.open.size()];
    const std::uint64_t bytes = remove(file);
    freed += bytes;
    if (bytes == 0) {
      passed.insert(file.key);
    }
  }
  for (const auto& [file, lost] : extents) {
    FileSpace& open = *candidates.open[file];
    const std::uint64_t bytes = open.punch(lost);
    freed += bytes;
    if (bytes == 0) {
      passed.insert(open.key());
    } else {
      counters_.extents_evicted.fetch_add(lost.size(),
                                          std::memory_order_relaxed);
    }
  }
  return freed;
}

// Its mark of being verified goes first: a file that is made anew must not
// inherit it, whenever we are killed. A file that is gone already, or was never
// written, frees its charge alone.
std::uint64_t Evictor::remove(const IndexedFile& file) {
  if (file.verified && !index_.clear_verified(file.key)) {
    return 0;
  }
  if (!remove_cached(dir_, file.key)) {
    return 0;
  }
  const auto left = index_.forget(file.key);
  if (!left || *left >= file.charged) {
    return 0;
  }
  counters_.files_evicted.fetch_add(1, std::memory_order_relaxed);
  return file.charged - *left;
}

}  // namespace omicsfs
