// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "fs/inode.h"

namespace omicsfs {

// Tells from the opens of small files whether a directory is being read through
// in listing order, and which files are worth fetching before they are opened.
// Knows directories and positions only; no clock. Thread-compatible.
class SiblingWatch {
 public:
  static constexpr std::size_t kDirectories = 16;
  // So many opens in order make a run; a program that skips some files, or
  // several that share the work, leave steps of up to kMaxStep.
  static constexpr unsigned kRunBegins = 3;
  static constexpr std::uint64_t kMaxStep = 4;
  // How far ahead of the reader: what one round trip brings pays for little,
  // and what nobody opens was fetched in vain.
  static constexpr std::uint64_t kFirstAhead = 4;
  static constexpr std::uint64_t kMostAhead = 16;

  // Entries at positions (after, after + count]; none where count is 0.
  struct Ahead {
    std::uint64_t after = 0;
    std::uint64_t count = 0;
    bool operator==(const Ahead&) const = default;
  };

  // A file at `position` of `directory` is opened. Returns the entries to fetch
  // now; within a run, none twice.
  Ahead observe(Inode directory, std::uint64_t position);

 private:
  struct Run {
    Inode directory = 0;  // 0: free
    std::uint64_t last_use = 0;
    std::uint64_t position = 0;  // the furthest opened
    unsigned opens = 0;          // in order
    std::uint64_t ahead = 0;     // how far to be ahead of `position`
    std::uint64_t asked = 0;     // the furthest asked for
  };

  Run& run_of(Inode directory);

  std::array<Run, kDirectories> runs_{};
  std::uint64_t uses_ = 0;
};

}  // namespace omicsfs
