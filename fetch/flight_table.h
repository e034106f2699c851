// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/flight.h"
#include "fetch/mutex.h"

// Single flight: a block is fetched once, however many wait for it.

namespace omicsfs {

// The flights of one file: no block is in two of them. Thread-safe. `Present`
// and `Make` are called under its lock, so that no block can land unseen
// between the two: they do no I/O, wait for nobody and do not call back. What
// one of them throws leaves the table as it was.
class FlightTable {
 public:
  // A part of a read: a block that is present (no flight), or a run of blocks
  // to take from a flight that the caller has now joined.
  struct Part {
    BlockRun run;
    std::shared_ptr<Flight> flight;
    bool is_new = false;  // the caller must start it
  };
  using Present = std::function<bool(BlockIndex)>;
  // Makes the flight of a run that nobody has fetched; null refuses it.
  using Make = std::function<std::shared_ptr<Flight>(BlockRun run)>;

  // Splits `wanted`, in order: blocks for which `present` holds, blocks of
  // flights under way, and new flights (`make` never refuses) for the rest,
  // whose runs are as `missing_runs` says of `fetch`.
  std::vector<Part> join(BlockRun wanted, const RunLimits& fetch,
                         const Present& present, const Make& make);
  // New flights, which nobody waits for yet, for what is neither present nor
  // under way. Ends early where `make` refuses. The caller must start them.
  std::vector<std::shared_ptr<Flight>> fetch_ahead(BlockRun wanted,
                                                   const RunLimits& fetch,
                                                   const Present& present,
                                                   const Make& make);
  // The caller waits no more. The last to leave an unfinished flight cancels
  // it, unless it was fetched ahead.
  void leave(const std::shared_ptr<Flight>& flight);
  // The flight has failed, or has ended and is stored; later readers do not
  // find it.
  void finish(const Flight& flight);
  // Those that readers may find now.
  [[nodiscard]] std::vector<std::shared_ptr<Flight>> all() const;
  // Cancels what was fetched ahead and is awaited by nobody.
  void cancel_ahead();

 private:
  struct Entry {
    std::shared_ptr<Flight> flight;
    unsigned waiters = 0;
    bool ahead = false;
  };
  using Entries = std::map<BlockIndex, Entry>;  // by first block

  // The flight that carries `block`, or null.
  static std::shared_ptr<Flight> covering(const Entries& entries,
                                          BlockIndex block);
  void add_part(std::vector<Part>& parts, BlockIndex block,
                std::shared_ptr<Flight> flight) REQUIRES_LOCK(mutex_);
  void take_back(const std::vector<Part>& parts) REQUIRES_LOCK(mutex_);
  class Entered;
  [[nodiscard]] std::vector<BlockRun> runs_to_fetch(
      BlockRun wanted, const RunLimits& fetch, const Present& present) const
      REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs
