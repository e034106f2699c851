// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/extent_use.h"
#include "fetch/mutex.h"

namespace omicsfs {

// What storing `run` may take on disk at most: its blocks, the map pages that
// hold their cells, and a page for the list of extents.
[[nodiscard]] std::uint64_t bytes_to_store(BlockRun run);

// The disk space that this process has been granted for one file and what of it
// is used, and which blocks are about to be stored or being punched, for both
// at once would lose bytes. No I/O. Thread-safe.
class FileCharge {
 public:
  // `run` is about to be stored. Waits for a punch of a part of it to end;
  // false where it does not within a second.
  [[nodiscard]] bool enter(BlockRun run);
  // Likewise, but waits for nothing.
  [[nodiscard]] bool enter_at_once(BlockRun run);
  void leave(BlockRun run);

  // Counts `bytes` as about to be written where the grant has room for them.
  [[nodiscard]] bool take(std::uint64_t bytes);
  // Bytes taken have been written, or never will be.
  void landed(std::uint64_t bytes);
  // `granted` more, of which `taken` are about to be written.
  void add(std::uint64_t granted, std::uint64_t taken);
  // Gives up what has been written: it is on disk, where it is seen.
  [[nodiscard]] std::uint64_t give_up_written();
  // Takes back `bytes` so given up: the index could not take them.
  void keep_written(std::uint64_t bytes);
  // Gives up all but what is about to be written.
  [[nodiscard]] std::uint64_t give_up_idle();

  // Whether give_up_idle() would give up anything.
  [[nodiscard]] bool has_idle() const;

  // Those of `extents` that nobody is about to store into; until end_punch()
  // nobody enters them. None where a punch is under way.
  [[nodiscard]] std::vector<ExtentIndex> begin_punch(
      std::span<const ExtentIndex> extents);
  void end_punch();
  [[nodiscard]] std::vector<BlockRun> entered() const;

 private:
  bool enter_within(BlockRun run, std::chrono::seconds patience);

  mutable Mutex mutex_;
  std::uint64_t granted_ GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_ GUARDED_BY(mutex_) = 0;
  std::uint64_t written_ GUARDED_BY(mutex_) = 0;  // of what is granted
  std::vector<BlockRun> entered_ GUARDED_BY(mutex_);
  std::vector<ExtentIndex> punching_ GUARDED_BY(mutex_);
  std::condition_variable_any punched_;
};

// Ends a punch however it ends: nobody could store into its extents after it.
class PunchEnd {
 public:
  explicit PunchEnd(FileCharge& charge) : charge_(charge) {}
  ~PunchEnd() { charge_.end_punch(); }
  PunchEnd(const PunchEnd&) = delete;
  PunchEnd& operator=(const PunchEnd&) = delete;

 private:
  FileCharge& charge_;
};

// Gives a file back what it gave up of its grant and the index did not take:
// `returned`, which is 0 once the index has taken it.
class GivenUp {
 public:
  GivenUp(FileCharge& charge, const std::uint64_t& returned)
      : charge_(charge), returned_(returned) {}
  ~GivenUp() { charge_.keep_written(returned_); }
  GivenUp(const GivenUp&) = delete;
  GivenUp& operator=(const GivenUp&) = delete;

 private:
  FileCharge& charge_;
  const std::uint64_t& returned_;
};

// Leave to store a run of blocks, for as long as it lives: until then the run's
// bytes are reserved, and it is not punched.
class Room {
 public:
  Room(std::shared_ptr<FileCharge> charge, BlockRun run)
      : charge_(std::move(charge)), run_(run) {}
  Room(Room&&) = default;
  Room& operator=(Room&&) = delete;
  ~Room();

  void hold(std::uint64_t bytes) { bytes_ = bytes; }
  [[nodiscard]] const BlockRun& run() const { return run_; }

 private:
  std::shared_ptr<FileCharge> charge_;
  BlockRun run_;
  std::uint64_t bytes_ = 0;
};

}  // namespace omicsfs
