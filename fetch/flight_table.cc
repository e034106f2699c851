// SPDX-License-Identifier: MIT
#include "fetch/flight_table.h"

#include <utility>

namespace omicsfs {

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
    flight->set_awaited(true);
  }
}

std::vector<BlockRun> FlightTable::runs_to_fetch(BlockRun wanted,
                                                 const RunLimits& fetch,
                                                 const Present& present) const {
  const Entries* entries = &entries_;  // the lambda is analysed by itself
  return missing_runs(wanted, fetch, [&](BlockIndex block) {
    if (covering(*entries, block) != nullptr) {
      return BlockState::kElsewhere;
    }
    return present(block) ? BlockState::kPresent : BlockState::kMissing;
  });
}

std::vector<FlightTable::Part> FlightTable::join(BlockRun wanted,
                                                 const RunLimits& fetch,
                                                 const Present& present,
                                                 const Make& make) {
  std::vector<Part> parts;
  const MutexLock lock(mutex_);
  const auto runs = runs_to_fetch(wanted, fetch, present);
  auto next = runs.begin();
  for (BlockIndex block = wanted.first; block < wanted.end();) {
    if (next != runs.end() && next->first == block) {
      auto flight = make(*next);
      flight->set_awaited(true);
      entries_.emplace(block, Entry{flight, 1, false});
      parts.push_back({*next, std::move(flight), true});
      block = next->end();
      ++next;
      continue;
    }
    add_part(parts, block, covering(entries_, block));
    ++block;
  }
  return parts;
}

std::vector<std::shared_ptr<Flight>> FlightTable::fetch_ahead(
    BlockRun wanted, const RunLimits& fetch, const Present& present,
    const Make& make) {
  std::vector<std::shared_ptr<Flight>> made;
  const MutexLock lock(mutex_);
  for (const BlockRun run : runs_to_fetch(wanted, fetch, present)) {
    auto flight = make(run);
    if (flight == nullptr) {
      break;
    }
    entries_.emplace(run.first, Entry{flight, 0, true});
    made.push_back(std::move(flight));
  }
  return made;
}

void FlightTable::leave(const std::shared_ptr<Flight>& flight) {
  const MutexLock lock(mutex_);
  const auto entry = entries_.find(flight->run().first);
  if (entry == entries_.end() || entry->second.flight != flight) {
    return;  // finished
  }
  if (--entry->second.waiters > 0) {
    return;
  }
  flight->set_awaited(false);
  // One that is here whole stays until it is settled, for those who come.
  if (!entry->second.ahead && !flight->arrived()) {
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

void FlightTable::cancel_ahead() {
  std::vector<std::shared_ptr<Flight>> cancelled;  // die after the lock
  const MutexLock lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    entry.ahead = false;  // those who wait cancel it when they leave
    if (entry.waiters > 0 || entry.flight->arrived()) {
      ++at;
      continue;
    }
    entry.flight->abandon();
    cancelled.push_back(std::move(entry.flight));
    at = entries_.erase(at);
  }
}

}  // namespace omicsfs
