// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "catalog/result.h"
#include "fetch/byte_range.h"

namespace omicsfs {

// Which reads are the kernel's further tries of one that has just failed, so
// that a program waits for its server once and not once a try.
//
// The kernel asks for a page through its read-ahead. Where that fails it asks
// for the page alone (mm/filemap.c, filemap_read_folio), and for a page of a
// mapping once more, as it had let go of a lock (filemap_fault). Each try would
// wait for a deadline of its own. A program that reads again after its error
// is no such try: each page of a read that failed is answered from here once,
// and a second time, where that comes at once, of a file that programs map, or
// where the read waited until its deadline: any file may be mapped, and nobody
// is to wait for two deadlines.
//
// Decides only. Thread-compatible.
class RepeatedReads {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // After this long a try is one of its own.
  static constexpr std::chrono::milliseconds kSecondTry{1000};
  static constexpr std::chrono::milliseconds kThirdTry{20};
  // Reads that are remembered.
  static constexpr std::size_t kMost = 64;

  explicit RepeatedReads(bool is_mapped) : is_mapped_(is_mapped) {}

  // A read through the kernel's page cache has failed.
  void note(ByteRange read, const Error& why, TimePoint now);
  // Why the read failed that `read` tries again, where it does; takes note of
  // it. REQUIRES: `read` is not empty.
  std::optional<Error> tried_again(ByteRange read, TimePoint now);

 private:
  struct Failed {
    ByteRange range;
    Error why;
    TimePoint at;
    bool is_second;  // the second try of these bytes has failed, too
  };

  [[nodiscard]] bool is_recent(const Failed& failed, TimePoint now) const;
  void remember(Failed failed);

  const bool is_mapped_;
  std::deque<Failed> failed_;  // the oldest first
};

}  // namespace omicsfs
