// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

// How the kernel reads an inode that is open: through its page cache and our
// reads (cached), or past us, from a file of ours (passthrough). It refuses an
// open, with EIO, of another mode or another backing file than those it has
// open, so the first open decides until the last is closed. Pure.

namespace omicsfs {

// The kernel's number for a file that it may read for us.
using BackingId = std::uint32_t;

struct OpenMode {
  enum class Kind { kNone, kCached, kPassthrough };

  Kind kind = Kind::kNone;
  std::uint64_t opens = 0;                // 0 for kNone, else more
  std::optional<BackingId> backing = {};  // of kPassthrough, else none

  bool operator==(const OpenMode&) const = default;
};

// The mode after one more open, for which `offered` was registered. The first
// open takes the offer; another keeps what there is, and what was offered to it
// is then of no use (see spurned).
[[nodiscard]] constexpr OpenMode joined(OpenMode mode,
                                        std::optional<BackingId> offered) {
  if (mode.kind == OpenMode::Kind::kNone) {
    mode.kind =
        offered ? OpenMode::Kind::kPassthrough : OpenMode::Kind::kCached;
    mode.backing = offered;
  }
  ++mode.opens;
  return mode;
}

// Of what was offered: what the mode `after` joined() does not use.
[[nodiscard]] constexpr std::optional<BackingId> spurned(
    const OpenMode& after, std::optional<BackingId> offered) {
  return offered == after.backing ? std::nullopt : offered;
}

// The mode after one open was closed. REQUIRES: mode.opens > 0.
[[nodiscard]] constexpr OpenMode left(OpenMode mode) {
  --mode.opens;
  return mode.opens == 0 ? OpenMode{} : mode;
}

}  // namespace omicsfs
