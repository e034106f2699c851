// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "fetch/byte_range.h"

namespace omicsfs {

// Which of the kernel's reads of a mapped file are refused.
//
// Where a program touches a page of a mapping that the kernel does not have, it
// asks for all its read-ahead around that page (mm/filemap.c,
// do_sync_mmap_readahead): 4 MiB for a row of some hundred bytes. Such a read
// cannot be told from one of read(2), but the kernel does not need it: what
// fails of a read ahead it asks for again page by page, as those are needed. So
// a read of more than a few blocks is refused unless it goes on from what was
// read before, as the windows of a sequential reader do, or costs nothing. A
// wrong guess costs some page-wise reads, 4 MiB of them at most; what follows
// goes on from them.
//
// A page that fails for good ends the program (SIGBUS): what lies within a read
// that was refused, and so may be the kernel's second try, never is.
//
// Decides only. Thread-compatible.
class MappedReads {
 public:
  // Reads of up to `small` bytes are never refused: a page at least.
  explicit MappedReads(std::uint64_t small) : small_(small) {}

  // Whether `read` is refused; takes note of it. `is_here`: all its bytes are
  // in the cache. REQUIRES: it is not empty.
  bool refuses(ByteRange read, bool is_here);

 private:
  struct Run {  // bytes that were read, one after another
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t used = 0;  // when: the count of reads
  };
  // A sequential reader's next window is up to four times the last, and its
  // requests come in any order.
  static constexpr std::uint64_t kGrowth = 4;
  // More than the threads of a mount can have asked for before their second
  // try.
  static constexpr std::size_t kRefused = 1024;

  [[nodiscard]] bool goes_on(ByteRange read) const;
  [[nodiscard]] bool was_refused(ByteRange read) const;
  void note(ByteRange read);

  const std::uint64_t small_;
  std::uint64_t reads_ = 0;
  std::array<Run, 16> runs_{};
  std::deque<ByteRange> refused_{};
};

}  // namespace omicsfs
