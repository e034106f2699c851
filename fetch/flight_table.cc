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

// The parts of a read that is being entered. Unless they are kept, the table is
// again as it was. REQUIRES: the table's lock, from beginning to end.
class FlightTable::Entered {
 public:
  explicit Entered(FlightTable& table) : table_(table) {}
  ~Entered() OMICSFS_TSA(no_thread_safety_analysis) {
    if (!kept_) {
      table_.take_back(parts);
    }
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  void keep() { kept_ = true; }

  std::vector<Part> parts;

 private:
  FlightTable& table_;
  bool kept_ = false;
};

void FlightTable::take_back(const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    const auto entry = part.flight == nullptr
                           ? entries_.end()
                           : entries_.find(part.flight->run().first);
    if (entry == entries_.end() || entry->second.flight != part.flight) {
      continue;
    }
    if (part.is_new) {
      entries_.erase(entry);
    } else if (--entry->second.waiters == 0) {
      part.flight->set_awaited(false);
    }
  }
}

// Adds `block` to the last part where it continues it, else as a new part.
void FlightTable::add_part(std::vector<Part>& parts, BlockIndex block,
                           std::shared_ptr<Flight> flight) {
  if (!parts.empty() && parts.back().flight == flight) {
    ++parts.back().run.count;
    return;
  }
  parts.push_back({{block, 1}, std::move(flight), false});
  if (const auto& joined = parts.back().flight; joined != nullptr) {
    ++entries_.find(joined->run().first)->second.waiters;
    joined->set_awaited(true);
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
  const MutexLock lock(mutex_);
  Entered entered(*this);
  std::vector<Part>& parts = entered.parts;
  const auto runs = runs_to_fetch(wanted, fetch, present);
  auto next = runs.begin();
  for (BlockIndex block = wanted.first; block < wanted.end();) {
    if (next != runs.end() && next->first == block) {
      parts.push_back({*next, make(*next), true});
      parts.back().flight->set_awaited(true);
      entries_.emplace(block, Entry{parts.back().flight, 1, false});
      block = next->end();
      ++next;
      continue;
    }
    add_part(parts, block, covering(entries_, block));
    ++block;
  }
  entered.keep();
  return std::move(parts);
}

std::vector<std::shared_ptr<Flight>> FlightTable::fetch_ahead(
    BlockRun wanted, const RunLimits& fetch, const Present& present,
    const Make& make) {
  std::vector<std::shared_ptr<Flight>> made;
  const MutexLock lock(mutex_);
  Entered entered(*this);
  for (const BlockRun run : runs_to_fetch(wanted, fetch, present)) {
    auto flight = make(run);
    if (flight == nullptr) {
      break;
    }
    made.push_back(flight);
    entered.parts.push_back({run, flight, true});
    entries_.emplace(run.first, Entry{std::move(flight), 0, true});
  }
  entered.keep();
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
  // One that is here whole stays until it is stored, for those who come.
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

std::vector<std::shared_ptr<Flight>> FlightTable::all() const {
  std::vector<std::shared_ptr<Flight>> flights;
  const MutexLock lock(mutex_);
  flights.reserve(entries_.size());
  for (const auto& [first, entry] : entries_) {
    flights.push_back(entry.flight);
  }
  return flights;
}

void FlightTable::cancel_ahead() {
  std::vector<std::shared_ptr<Flight>> cancelled;  // die after the lock
  const MutexLock lock(mutex_);
  cancelled.reserve(entries_.size());  // nothing can fail halfway
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
