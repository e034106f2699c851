// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

// How much room the cache must make, and who must go. Pure.

namespace omicsfs {

struct CacheLimits {
  std::uint64_t limit = 0;      // bytes that the cache may take
  std::uint64_t keep_free = 0;  // bytes that its disk must keep free
  // Uses that lie no further apart are one: a reader's pass.
  std::uint64_t one_use_us = 2'000'000;
  // How long the index waits where another process has it locked; no reader
  // waits for the index.
  std::chrono::milliseconds index_patience{5'000};
  // The clock that says how long ago something was used.
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;
};

// Whether data was used once, or again later.
enum class Heat : std::uint8_t { kCold, kHot };

// When a file was used, and whether it is used again and again.
struct FileUse {
  std::uint64_t last_use = 0;  // as of UseClock; 0: never
  bool hot = false;
};

// Bytes, all of one moment.
struct SpaceState {
  std::uint64_t limit = 0;      // the cache may use this much
  std::uint64_t used = 0;       // it is charged for this much
  std::uint64_t keep_free = 0;  // the disk must keep this much free
  std::uint64_t disk_free = 0;  // it has this much free
};

// Bytes that must go before `wanted` more may be written; 0 = there is room.
[[nodiscard]] std::uint64_t deficit(const SpaceState& state,
                                    std::uint64_t wanted);

// Bytes to evict for a deficit: a twentieth of the limit more than needed (at
// most 1 GiB), so that a full cache does not evict at each request.
[[nodiscard]] std::uint64_t eviction_target(std::uint64_t deficit_bytes,
                                            std::uint64_t limit);

// What a file is charged that takes `disk_bytes` now: that, and what the file
// system adds later for the list of its extents, which it makes when it writes
// the bytes out. A file of up to four extents needs none on ext4.
[[nodiscard]] std::uint64_t charge_of(std::uint64_t disk_bytes);

// Who asks for room.
enum class Priority {
  kDemand,    // somebody waits for these bytes
  kPrefetch,  // somebody may want them
};

// In which a file asks for room: so small a part of the limit that what many
// open files hold unused does not matter, and at most 8 MiB.
[[nodiscard]] std::uint64_t grant_step(std::uint64_t limit);

// A closed file, or an extent of an open one, that may go.
struct Victim {
  std::size_t file = 0;  // the caller's own numbers
  std::uint64_t extent = 0;
  std::uint64_t bytes = 0;
  std::uint64_t last_use = 0;
};

// Victims of one kind. There may be more, used later, than were looked for.
struct VictimQueue {
  std::vector<Victim> oldest_first;
  bool has_more = false;
};

struct VictimQueues {
  VictimQueue cold;   // read once
  VictimQueue ahead;  // fetched ahead of a reader who may come any moment
  VictimQueue hot;    // read again later
};

struct EvictionNeed {
  std::uint64_t bytes = 0;       // to free
  std::uint64_t cold_bytes = 0;  // of everything that is not hot
  std::uint64_t limit = 0;
  std::uint64_t busy_bytes = 0;  // on their way to disk: may go in a moment
};

// Whom to evict, in this order, until enough is free: what is cold goes as long
// as it takes more than a quarter of the limit or nothing else is left, and
// only then what is hot; so what is read once, however much it is, eats its own
// tail and leaves what is used again and again. Stops short of enough where a
// kind's next victims are not in its queue, and must be looked for, and where
// those that are busy would do: hot data does not go for want of patience.
[[nodiscard]] std::vector<Victim> choose_victims(const VictimQueues& queues,
                                                 EvictionNeed need);

// Whether an extent or file that is not hot may go for one who asks with
// `priority`: what is fetched ahead must not drive out what was wanted of late.
struct ColdUse {
  std::uint64_t age_us = 0;  // since the last use
  bool read = true;          // since it was fetched
  bool of_who_asks = false;  // of the same file
};
enum class ColdKind { kStays, kCold, kAhead };
[[nodiscard]] ColdKind cold_kind(const ColdUse& use, Priority priority);

// Keeps the oldest of any number of victims.
class OldestVictims {
 public:
  explicit OldestVictims(std::size_t capacity) : capacity_(capacity) {}
  void add(const Victim& victim);
  // Empties it.
  [[nodiscard]] VictimQueue take();

 private:
  std::size_t capacity_;
  std::vector<Victim> heap_;  // the youngest on top
  bool has_more_ = false;
};

}  // namespace omicsfs
